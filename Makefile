# make            build ./infoplane and the library
# make help       list the targets
#
# Variables: CC, CXX, CFLAGS, CPPFLAGS, LDFLAGS, MODE (release, debug, asan), NATIVE=1,
# WERROR=1, PREFIX, DESTDIR, V=1. Objects go to build/$(MODE), so modes never mix.

MODE   ?= release
NATIVE ?= 0
WERROR ?= 0
V      ?= 0
PREFIX ?= /usr/local

VERSION := $(shell sed -n 's/.*IPL_VERSION "\(.*\)"/\1/p' src/run/version.h)
BUILD   := build/$(MODE)
Q       := $(if $(filter 1,$(V)),,@)

# Goals that must work before the packages are there; they check for themselves.
EARLY := help clean distclean deps demo test check check-long format format-check layers
ifneq ($(filter-out $(EARLY),$(or $(MAKECMDGOALS),all)),)
  PKG     := openblas libpng zlib nettle
  MISSING := $(strip $(shell for p in $(PKG); do pkg-config --exists $$p || echo $$p; done))
  ifneq ($(MISSING),)
    $(error missing: $(MISSING); run 'make deps')
  endif
  # -isystem: the warnings below are for our own code.
  PKG_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKG)))
  PKG_LIBS   := $(shell pkg-config --libs $(PKG))
endif

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wdouble-promotion \
        -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wcast-qual \
        -Wcast-align -Wwrite-strings -Wpointer-arith -Wformat=2 -Wundef -Wvla -Wswitch-enum \
        -Wnull-dereference
ifneq ($(findstring clang,$(shell $(CC) --version 2>/dev/null)),)
  WARN += -Wcomma -Wunreachable-code -Wmissing-variable-declarations
else
  WARN += -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init
endif
ifeq ($(WERROR),1)
  WARN += -Werror
endif

# No -Ofast and no -ffast-math: a NaN must stay visible. No contraction: clang 14 fuses
# a*b+c by default even with -std=c11, gcc 12 does not, and the two builds should agree.
OPT_release := -O3
OPT_debug   := -O0 -g3 -DIPL_FAULT_INJECTION
OPT_asan    := -O1 -g3 -DIPL_FAULT_INJECTION -fno-omit-frame-pointer \
               -fsanitize=address,undefined -fno-sanitize-recover=all
OPT := -ffp-contract=off $(OPT_$(MODE)) $(if $(filter 1,$(NATIVE)),-march=native)

GIT_REVISION := $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)

ALL_CPPFLAGS := -Iinclude -Isrc -D_POSIX_C_SOURCE=200809L $(CPPFLAGS)
ALL_CFLAGS    = -std=c11 -pthread $(OPT) $(WARN) $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS   = -pthread $(filter -fsanitize%,$(OPT)) $(LDFLAGS)
LIBS          = $(PKG_LIBS) -lm

SRC  := $(sort $(wildcard src/*/*.c))
CLI  := $(filter src/cli/%,$(SRC))
OBJ  := $(SRC:%.c=$(BUILD)/%.o)
LIB  := $(BUILD)/libinfoplane.a
BIN  := $(BUILD)/infoplane
TSRC := $(sort $(wildcard tests/test_*.c))
TEST := $(TSRC:tests/%.c=$(BUILD)/tests/%)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all
## all             ./infoplane and the library (default)
all: $(LIB) $(if $(CLI),infoplane)

infoplane: $(BIN)
	$(Q)ln -sf $(BIN) $@

$(LIB): $(filter-out $(CLI:%.c=$(BUILD)/%.o),$(OBJ))
	@echo "  AR    $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BIN): $(CLI:%.c=$(BUILD)/%.o) $(LIB)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) $^ $(LIBS) -o $@

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# Where the installed program looks for its scripts.
$(BUILD)/src/base/file.o: ALL_CPPFLAGS += -DIPL_SHARE_DIR='"$(PREFIX)/share/infoplane"'

# The inner loops of the convolutions: a fused multiply-add is half of their speed, so they
# may contract; and the same loops for several instruction sets, chosen when they run.
CONTRACT := -ffp-contract=fast
X86      := $(findstring x86_64,$(shell $(CC) -dumpmachine))
$(BUILD)/src/math/conv_plain.o:  OPT += $(CONTRACT)
$(BUILD)/src/math/conv_avx2.o:   OPT += $(CONTRACT) $(if $(X86),-mavx2 -mfma)
$(BUILD)/src/math/conv_avx512.o: OPT += $(CONTRACT) $(if $(X86),-mavx512f -mavx512vl -mfma)

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(LIB)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) $^ $(LIBS) -lcmocka -o $@

.PHONY: run-tests
run-tests: $(TEST) $(if $(CLI),$(BIN))
	$(Q)status=0; for t in $(TEST); do echo "  TEST  $$t"; $$t || status=1; done; exit $$status

.PHONY: test
## test            install what is missing, build and run every test
test:
	$(Q)$(MAKE) --no-print-directory MODE=$(or $(filter debug asan,$(MODE)),debug) run-tests

.PHONY: layers
## layers          includes follow the layer order
layers:
	$(Q)scripts/check_layers.sh

.PHONY: clean
## clean           remove build/
clean:
	$(Q)rm -rf build infoplane

.PHONY: help
## help            this list
help:
	@sed -n 's/^## //p' $(firstword $(MAKEFILE_LIST))

-include $(OBJ:.o=.d) $(TSRC:%.c=$(BUILD)/%.d)
