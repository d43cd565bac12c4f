/* Mutations of libFuzzer with the format's own pieces and checksums. */
#include "fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

/* An allocation beyond this fails: parsers answer "out of memory", which no target allows. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
{
    return "max_allocation_size_mb=64:allocator_may_return_null=1:quarantine_size_mb=16";
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static uint8_t room[FUZZ_MAX];
    uint64_t state = seed;
    const uint64_t choice = fuzz_random(&state);

    if (choice % 8 != 0 || size > FUZZ_MAX)
        size = LLVMFuzzerMutate(data, size, max_size);
    for (size_t i = 0; i < size && i < FUZZ_MAX; i++)
        room[i] = data[i];
    if (choice % 8 == 0)
        size = fuzz_mutate(room, size, data, size, fuzz_random(&state));
    else if (fuzz_target.repair && size <= FUZZ_MAX && choice % 4 != 1)
        size = fuzz_target.repair(room, size);
    else
        return size;
    size = size < max_size ? size : max_size;
    for (size_t i = 0; i < size; i++)
        data[i] = room[i];
    return size;
}
