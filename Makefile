# make            build ./infoplane and the library
# make help       list the targets
#
# Variables: CC, CXX, CFLAGS, CPPFLAGS, LDFLAGS, MODE (release, debug, asan, tsan, coverage,
# fuzz), NATIVE=1, WERROR=1, PREFIX, DESTDIR, V=1. Objects go to build/$(MODE), so modes never
# mix; a change of compiler, flags or PREFIX rebuilds what it concerns.

MODE   ?= release
NATIVE ?= 0
WERROR ?= 0
V      ?= 0
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
SHARE  := $(PREFIX)/share/infoplane

VERSION  := $(shell sed -n 's/.*IPL_VERSION "\(.*\)"/\1/p' src/run/version.h)
REVISION := $(shell test -e .git && git describe --always --dirty --exclude '*' 2>/dev/null \
                    || echo unknown)
BUILD    := build/$(MODE)
Q        := $(if $(filter 1,$(V)),,@)
NPROC    := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
# One recursive make with all processors, unless the user said otherwise.
SUBMAKE   = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(NPROC))

# Homebrew keeps these out of the way.
KEGS := $(wildcard $(foreach p,openblas zlib,/opt/homebrew/opt/$p/lib/pkgconfig \
                                             /usr/local/opt/$p/lib/pkgconfig))
ifneq ($(KEGS),)
  SPACE := $(subst ,, )
  export PKG_CONFIG_PATH := $(PKG_CONFIG_PATH):$(subst $(SPACE),:,$(KEGS))
endif

# Goals that work before the packages are there; test, check and demo install them first.
PKG   := openblas libpng zlib nettle
EARLY := help clean deps demo test check check-long format format-check headers layers uninstall
ifneq ($(filter-out $(EARLY),$(or $(MAKECMDGOALS),all)),)
  MISSING := $(strip $(shell command -v $(firstword $(CC)) >/dev/null 2>&1 || echo $(firstword $(CC)); \
      if command -v pkg-config >/dev/null 2>&1; then \
        for p in $(PKG); do pkg-config --exists $$p || echo $$p; done; else echo pkg-config; fi))
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
OPT_debug   := -O0 -g3
OPT_asan    := -O1 -g3 -fno-omit-frame-pointer \
               -fsanitize=address,undefined -fno-sanitize-recover=all
OPT_tsan    := -O1 -g3 -fno-omit-frame-pointer -fsanitize=thread
OPT_coverage := -O0 -g3 --coverage
OPT_fuzz    := -O1 -g3 -fno-omit-frame-pointer -fno-sanitize-recover=all \
               -fsanitize=address,undefined,fuzzer-no-link
ifeq ($(OPT_$(MODE)),)
  $(error MODE=$(MODE): want release, debug, asan, tsan, coverage or fuzz)
endif
# Both libraries are made of the same objects. Without interposition a call within the
# library stays direct and position-independent code costs nothing that could be measured.
PIC := -fPIC -fno-semantic-interposition
# Overflows that slip through end the program instead of going on: canaries, checked string
# functions (which want an optimiser), pages touched one by one, tables of pointers that are
# read-only once filled. Kernels have no arrays on the stack that would pay for it.
# tests/cli/hardened.sh looks for each of them in the program.
ELF    := $(filter-out Darwin,$(shell uname))
HARDEN := -fstack-protector-strong $(if $(ELF),-fstack-clash-protection)
HARDEN_release := $(HARDEN) -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
HARDEN_debug   := $(HARDEN)
HARDEN_LINK    := $(if $(ELF),-z relro -z now -z noexecstack)
OPT := -ffp-contract=off $(PIC) $(OPT_$(MODE)) $(HARDEN_$(MODE)) $(if $(filter 1,$(NATIVE)),-march=native)

ALL_CPPFLAGS := -Iinclude -Isrc -D_POSIX_C_SOURCE=200809L $(CPPFLAGS)
ALL_CFLAGS    = -std=c11 -pthread $(OPT) $(WARN) $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS   = -pthread $(filter -fsanitize% --coverage,$(OPT)) $(HARDEN_LINK) $(LDFLAGS)
LIBS          = $(PKG_LIBS) -lm

SRC   := $(sort $(wildcard src/*/*.c))
OBJ   := $(SRC:%.c=$(BUILD)/%.o)
CLI   := $(filter $(BUILD)/src/cli/%,$(OBJ))
LIB   := $(BUILD)/libinfoplane.a
# The shared library, for ELF systems: the first number of its name is that of its interface.
SOVERSION := 0
SHLIB := $(if $(ELF),$(BUILD)/libinfoplane.so.$(SOVERSION))
BIN   := $(BUILD)/infoplane
TSRC  := $(sort $(wildcard tests/test_*.c))
TEST  := $(TSRC:%.c=$(BUILD)/%)
# A fuzz target is its own file and what all of them share: with libFuzzer in MODE=fuzz, else
# with a program that replays the corpus.
FSRC  := $(sort $(wildcard tests/fuzz/*.c))
FUZZ  := $(patsubst %.c,$(BUILD)/%,$(filter tests/fuzz/fuzz_%,$(FSRC)))
FUZZ_WITH := fuzz mutate $(if $(filter fuzz,$(MODE)),libfuzzer,replay)
BSRC  := $(sort $(wildcard tests/bench/*.c))
BENCH := $(patsubst %.c,$(BUILD)/%,$(filter tests/bench/bench_%,$(BSRC)))
# Executable scripts of a folder.
scripts = $(shell for f in $1/*.sh; do test ! -x $$f || echo $$f; done)
FORMATTED = $(wildcard src/*/*.[ch] include/*.h include/ipl/*.h tests/*.[ch] tests/*/*.[ch] \
            scripts/*/*.c)
SHELLS    = $(wildcard scripts/*.sh scripts/*/*.sh tests/bench/*.sh tests/cli/*.sh tests/long/*.sh) \
            .ci/run

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all demo test tests run-tests run-unit-tests check check-long tsan fuzz coverage bench bench-quick \
        bench-check lint format format-check headers layers install uninstall deps clean help \
        FORCE

## all            ./infoplane and the library (default)
all: $(LIB) $(SHLIB) infoplane

# A hard link: the program finds scripts/ beside itself.
infoplane: $(BIN) FORCE
	$(Q)rm -f $@; ln $(BIN) $@ 2>/dev/null || cp $(BIN) $@

$(LIB): $(filter-out $(CLI),$(OBJ))
	@echo "  AR    $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/libinfoplane.map: include/ipl/*.h scripts/exports.sh
	@mkdir -p $(@D)
	$(Q)CC='$(CC)' scripts/exports.sh $(SOVERSION) >$@

$(SHLIB): $(filter-out $(CLI),$(OBJ)) $(BUILD)/libinfoplane.map
	@echo "  LD    $@"
	$(Q)$(CC) -shared $(ALL_LDFLAGS) -Wl,-soname,$(@F) \
	  -Wl,--version-script=$(BUILD)/libinfoplane.map $(filter %.o,$^) $(LIBS) -o $@

$(BIN): $(CLI) $(LIB)
	@echo "  LD    $@"
	$(Q)$(CC) $(if $(ELF),-pie) $(ALL_LDFLAGS) $^ $(LIBS) -o $@

$(BUILD)/%.o: %.c Makefile $(BUILD)/flags.stamp
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(DEFINE) -MMD -MP -c $< -o $@

# The inner loops of the convolutions: a fused multiply-add is half of their speed, so they
# may contract; and the same loops for several instruction sets, chosen when they run.
CONTRACT := -ffp-contract=fast
X86      := $(findstring x86_64,$(shell $(CC) -dumpmachine 2>/dev/null))
ifeq ($(MODE),fuzz) # no parsers, and minutes to instrument
$(patsubst %,$(BUILD)/src/math/conv_%.o,plain avx2 avx512): OPT := $(filter-out -fsanitize%,$(OPT))
endif
$(BUILD)/src/math/conv_plain.o:  OPT += $(CONTRACT)
$(BUILD)/src/math/narrow.o:      OPT += $(CONTRACT)
$(BUILD)/src/math/abreast.o:     OPT += $(CONTRACT)
$(BUILD)/src/math/panels_plain.o: OPT += $(CONTRACT)
$(BUILD)/src/math/panels_avx2.o:   OPT += $(CONTRACT) $(if $(X86),-mavx2 -mfma)
$(BUILD)/src/math/panels_avx512.o: OPT += $(CONTRACT) $(if $(X86),-mavx512f -mfma)
$(BUILD)/src/math/conv_avx2.o:   OPT += $(CONTRACT) $(if $(X86),-mavx2 -mfma)
$(BUILD)/src/math/conv_avx512.o: OPT += $(CONTRACT) $(if $(X86),-mavx512f -mavx512vl -mfma)

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(LIB)
	@echo "  LD    $@"
	$(Q)$(CC) $(ALL_LDFLAGS) $(filter %.o,$^) $(LIB) $(if $(filter $@,$(TEST)),-lcmocka) \
	  $(LIBS) -o $@

$(BENCH): $(BUILD)/tests/bench/bench.o
$(FUZZ): $(FUZZ_WITH:%=$(BUILD)/tests/fuzz/%.o)
ifeq ($(MODE),fuzz)
$(FUZZ): ALL_LDFLAGS += -fsanitize=fuzzer
endif

# Stamps change when their text does; what depends on them is then made again.
$(BUILD)/flags.stamp: TEXT = $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS)
$(BUILD)/share.stamp: TEXT = $(SHARE)
$(BUILD)/revision.stamp: TEXT = $(REVISION)
$(BUILD)/%.stamp: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(TEXT))' | cmp -s - $@ || echo '$(subst ','\'',$(TEXT))' >$@

# Where the installed program looks for its scripts, and what it says of its build.
$(BUILD)/src/base/program.o: DEFINE = -DIPL_SHARE_DIR='"$(SHARE)"'
$(BUILD)/src/base/program.o: $(BUILD)/share.stamp
$(BUILD)/src/run/provenance.o: DEFINE = -DIPL_GIT_REVISION='"$(REVISION)"' \
    -DIPL_COMPILER_FLAGS='"$(subst ",,$(subst ',,$(strip $(CC) -std=c11 $(OPT) $(CPPFLAGS) $(CFLAGS))))"'
$(BUILD)/src/run/provenance.o: $(BUILD)/revision.stamp

## demo           install what is missing, train two nets, draw their information planes
demo:
	$(Q)scripts/deps.sh
	$(Q)$(SUBMAKE) all
	$(Q)scripts/demo.sh

## test           install what is missing, build and run every test
test:
	$(Q)scripts/deps.sh
	$(Q)$(SUBMAKE) MODE=$(or $(filter debug asan,$(MODE)),debug) run-tests

tests: $(TEST) $(BENCH) $(FUZZ)

# CC, CFLAGS and REQUIRES are for the test that builds a program against the library.
run-tests: $(TEST) $(FUZZ) $(BIN) $(LIB) $(SHLIB)
	$(Q)INFOPLANE=$(CURDIR)/$(BIN) CC='$(CC)' CFLAGS='$(ALL_LDFLAGS)' REQUIRES='$(PKG)' \
	  scripts/run_tests.sh $(TEST) $(FUZZ) $(call scripts,tests/cli)

# Without the scripts: what an emulator can run (tests/long/distributions.sh aarch64).
run-unit-tests: $(TEST) $(FUZZ)
	$(Q)scripts/run_tests.sh $(TEST) $(FUZZ)

## check          headers, layers, and the tests under ASan and UBSan
check:
	$(Q)scripts/deps.sh
	$(Q)$(SUBMAKE) headers layers
	$(Q)$(SUBMAKE) MODE=asan test

## check-long     check, then the release build's own tests, tests/long and tsan
check-long: check
	$(Q)$(SUBMAKE) MODE=release all
	$(Q)INFOPLANE=$(CURDIR)/build/release/infoplane TEST_TIMEOUT=$${TEST_TIMEOUT:-3600} \
	  scripts/run_tests.sh tests/cli/hardened.sh \
	  $(filter-out %/distributions.sh,$(call scripts,tests/long))
	$(Q)$(SUBMAKE) tsan

## tsan           the pool, a net, a plane and whole runs of several threads under ThreadSanitizer
tsan:
	$(Q)$(SUBMAKE) MODE=tsan $(TSAN_TESTS) build/tsan/infoplane
	$(Q)INFOPLANE=$(CURDIR)/build/tsan/infoplane \
	  scripts/run_tests.sh $(TSAN_TESTS) tests/long/threads.sh
TSAN_TESTS := $(patsubst %,build/tsan/tests/test_%,pool net net_spatial panels plane overlap)

## fuzz           fuzz one parser: make fuzz TARGET=npy [SECONDS=60]; needs clang
SECONDS ?= 60
fuzz:
	$(Q)test -f tests/fuzz/fuzz_$(TARGET).c || { echo "fuzz: TARGET is one of" \
	  $(FSRC:tests/fuzz/fuzz_%.c=%); exit 2; }
	$(Q)$(SUBMAKE) MODE=fuzz CC='$(or $(filter clang%,$(notdir $(firstword $(CC)))),clang)' build/fuzz/tests/fuzz/fuzz_$(TARGET)
	$(Q)mkdir -p build/fuzz/corpus/$(TARGET)
	$(Q)build/fuzz/tests/fuzz/fuzz_$(TARGET) -max_total_time=$(SECONDS) -timeout=10 \
	  -max_len=16384 -print_final_stats=1 -artifact_prefix=build/fuzz/$(TARGET)- \
	  build/fuzz/corpus/$(TARGET) tests/fuzz/corpus/$(TARGET)

## coverage       branches of the parsers that their tests and fuzz corpora reach, by gcov
coverage:
	$(Q)$(SUBMAKE) MODE=coverage $(COVERED:%=build/coverage/%)
	$(Q)find build/coverage -name '*.gcda' -delete
	$(Q)scripts/run_tests.sh $(COVERED:%=build/coverage/%)
	$(Q)gcovr --root . --object-directory build/coverage --branches --exclude-throw-branches \
	  $(PARSERS:%=--filter '%$$') --txt build/coverage/branches.txt \
	  --html-details build/coverage/index.html build/coverage/src
	$(Q)cat build/coverage/branches.txt
PARSERS := $(foreach f,base/gzip base/opt base/text data/idx data/png data/source_cifar \
             math/npy math/npy_header math/npy_view nn/net_text run/checkpoint \
             run/checkpoint_when run/checkpoint_list run/experiment run/stack_files run/estimator_texts run/table run/track \
             run/when,src/$f.c)
COVERED := $(patsubst %,tests/test_%,idx gzip cifar png npy npy_view npy_write opt text \
             net_text net_params experiment estimator_texts table analyze record resume \
             checkpoint replay bombs lack_of_memory stack track failing_calls \
             failing_disk) \
           $(patsubst %.c,%,$(filter tests/fuzz/fuzz_%,$(FSRC)))

# In this order; peers (python3-torch, python3-numpy) are asked in turn when they are there.
BENCH_PARTS := machine train measure estimators conv
BENCH_BIN   := $(BENCH_PARTS:%=$(BUILD)/tests/bench/bench_%)

## bench          speed of everything, 25 minutes at most: build/bench.txt, .csv, two .png
bench: $(BENCH_BIN) infoplane
	$(Q)rm -f build/bench.csv build/bench.txt build/bench.failed
	$(Q)for b in $(BENCH_BIN); do \
	  $$b --csv build/bench.csv || { touch build/bench.failed; break; }; echo; \
	done | tee build/bench.txt; test ! -e build/bench.failed
	$(Q)tests/bench/figure.sh build/bench.csv

## bench-quick    the same on one thread without peers, two minutes
bench-quick: $(BENCH_BIN) infoplane
	$(Q)rm -f build/bench-quick.csv
	$(Q)for b in $(BENCH_BIN); do $$b --quick --csv build/bench-quick.csv || exit 1; echo; done

## bench-check    fail when a share of the ceilings fell by a fifth, in each of three tries
bench-check: $(BENCH_BIN)
	$(Q)tests/bench/check.sh $(BUILD)/tests/bench

## headers        every header compiles alone, public ones as C++ too
headers:
	$(Q)for h in $(wildcard include/*.h include/ipl/*.h src/*/*.h); do \
	  printf '#include "%s"\nextern int alone;\n' $$h | \
	  $(CC) -I. $(ALL_CPPFLAGS) -std=c11 $(WARN) -Werror -fsyntax-only -x c - || exit 1; done
	$(Q)command -v $(firstword $(CXX)) >/dev/null || { echo "SKIPPED: no C++ compiler"; exit; }; \
	for h in $(wildcard include/*.h include/ipl/*.h); do \
	  $(CXX) -Iinclude -Wall -Wextra -Werror -fsyntax-only -x c++ $$h || exit 1; done

## layers         includes follow the layer order
layers:
	$(Q)scripts/check_layers.sh

## lint           clang-tidy, cppcheck, gcc -fanalyzer, shellcheck: every finding is an error
lint:
	$(Q)CPPFLAGS='$(ALL_CPPFLAGS) $(PKG_CFLAGS)' scripts/lint.sh $(SRC) $(TSRC) $(BSRC) $(FSRC)
	$(Q)if command -v shellcheck >/dev/null; then shellcheck $(SHELLS); \
	else echo "SKIPPED: shellcheck is not installed"; fi

## format         rewrite the sources with clang-format
format:
	$(Q)clang-format -i $(FORMATTED)

## format-check   fail when clang-format would change something
format-check:
	$(Q)clang-format --dry-run -Werror $(FORMATTED)

## install        program, library, headers and scripts below $(DESTDIR)$(PREFIX)
install: $(LIB) $(SHLIB) $(BIN)
	$(Q)PREFIX='$(PREFIX)' LIBDIR='$(LIBDIR)' VERSION='$(VERSION)' REQUIRES='$(PKG)' \
	  SHARED='$(notdir $(SHLIB))' scripts/install.sh '$(DESTDIR)' $(BUILD)

## uninstall      remove what install puts there
uninstall:
	$(Q)PREFIX='$(PREFIX)' LIBDIR='$(LIBDIR)' SHARED='$(notdir $(SHLIB))' \
	  scripts/install.sh --remove '$(DESTDIR)'

## deps           install the packages that are missing
deps:
	$(Q)scripts/deps.sh

## clean          remove everything that was built
clean:
	$(Q)rm -rf build infoplane

## help           this list
help:
	@sed -n 's/^## //p' $(firstword $(MAKEFILE_LIST))

-include $(OBJ:.o=.d) $(patsubst %.c,$(BUILD)/%.d,$(TSRC) $(BSRC) $(FSRC))
