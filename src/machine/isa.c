// SPDX-License-Identifier: Apache-2.0
// isa: the levels are those of the x86-64 psABI ("Micro-Architecture Levels"), the bits those of
// Intel's SDM, vol. 2A, CPUID, and AMD's APM, vol. 3, appendix E.
#include "machine/isa.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

enum bit {
    SSE3,
    SSSE3,
    SSE41,
    SSE42,
    POPCNT,
    CX16,
    LAHF,
    AVX,
    AVX2,
    BMI1,
    BMI2,
    F16C,
    FMA,
    LZCNT,
    MOVBE,
    AVX512F,
    AVX512BW,
    AVX512CD,
    AVX512DQ,
    AVX512VL,
    AVX512VBMI,
    AVX512VBMI2,
    AVX512VNNI,
    AVX512BITALG,
    AVX512VPOPCNTDQ,
    AVX512IFMA,
    AVX512BF16,
    GFNI,
    VAES,
    VPCLMULQDQ,
    BIT_COUNT
};
#define B(bit) (UINT64_C(1) << (bit))

#define V2 (B(SSE3) | B(SSSE3) | B(SSE41) | B(SSE42) | B(POPCNT) | B(CX16) | B(LAHF))
#define V3 (V2 | B(AVX) | B(AVX2) | B(BMI1) | B(BMI2) | B(F16C) | B(FMA) | B(LZCNT) | B(MOVBE))
#define V4 (V3 | B(AVX512F) | B(AVX512BW) | B(AVX512CD) | B(AVX512DQ) | B(AVX512VL))
#define ZEN4                                                                                   \
    (V4 | B(AVX512VBMI) | B(AVX512VBMI2) | B(AVX512VNNI) | B(AVX512BITALG) |                   \
     B(AVX512VPOPCNTDQ) | B(AVX512IFMA) | B(AVX512BF16) | B(GFNI) | B(VAES) | B(VPCLMULQDQ))

// Registers of CPUID: leaf (with subleaf), which register.
enum where { L1_ECX, L7_EBX, L7_ECX, L7_1_EAX, X1_ECX, WHERE_COUNT };
// What the system has to save for it (XCR0).
enum state { STATE_NONE, STATE_YMM, STATE_ZMM };

static const struct {
    const char *name;
    unsigned char where, bit, state;
} features[BIT_COUNT] = {
    [SSE3] = {"SSE3", L1_ECX, 0, STATE_NONE},
    [SSSE3] = {"SSSE3", L1_ECX, 9, STATE_NONE},
    [SSE41] = {"SSE4.1", L1_ECX, 19, STATE_NONE},
    [SSE42] = {"SSE4.2", L1_ECX, 20, STATE_NONE},
    [POPCNT] = {"POPCNT", L1_ECX, 23, STATE_NONE},
    [CX16] = {"CMPXCHG16B", L1_ECX, 13, STATE_NONE},
    [LAHF] = {"LAHF", X1_ECX, 0, STATE_NONE},
    [AVX] = {"AVX", L1_ECX, 28, STATE_YMM},
    [AVX2] = {"AVX2", L7_EBX, 5, STATE_YMM},
    [BMI1] = {"BMI1", L7_EBX, 3, STATE_NONE},
    [BMI2] = {"BMI2", L7_EBX, 8, STATE_NONE},
    [F16C] = {"F16C", L1_ECX, 29, STATE_YMM},
    [FMA] = {"FMA", L1_ECX, 12, STATE_YMM},
    [LZCNT] = {"LZCNT", X1_ECX, 5, STATE_NONE},
    [MOVBE] = {"MOVBE", L1_ECX, 22, STATE_NONE},
    [AVX512F] = {"AVX512F", L7_EBX, 16, STATE_ZMM},
    [AVX512BW] = {"AVX512BW", L7_EBX, 30, STATE_ZMM},
    [AVX512CD] = {"AVX512CD", L7_EBX, 28, STATE_ZMM},
    [AVX512DQ] = {"AVX512DQ", L7_EBX, 17, STATE_ZMM},
    [AVX512VL] = {"AVX512VL", L7_EBX, 31, STATE_ZMM},
    [AVX512VBMI] = {"AVX512VBMI", L7_ECX, 1, STATE_ZMM},
    [AVX512VBMI2] = {"AVX512VBMI2", L7_ECX, 6, STATE_ZMM},
    [AVX512VNNI] = {"AVX512VNNI", L7_ECX, 11, STATE_ZMM},
    [AVX512BITALG] = {"AVX512BITALG", L7_ECX, 12, STATE_ZMM},
    [AVX512VPOPCNTDQ] = {"AVX512VPOPCNTDQ", L7_ECX, 14, STATE_ZMM},
    [AVX512IFMA] = {"AVX512IFMA", L7_EBX, 21, STATE_ZMM},
    [AVX512BF16] = {"AVX512BF16", L7_1_EAX, 5, STATE_ZMM},
    [GFNI] = {"GFNI", L7_ECX, 8, STATE_NONE},
    [VAES] = {"VAES", L7_ECX, 9, STATE_YMM},
    [VPCLMULQDQ] = {"VPCLMULQDQ", L7_ECX, 10, STATE_YMM},
};

// The psABI's levels first, lowest first; then what sites write: GCC's names, the Alliance's older ones
// (sse3: Nocona, avx: Sandy Bridge, avx2: Haswell, avx512: Skylake).
static const struct {
    const char *word;
    int rank;
    uint64_t need;
} words[] = {
    {"x86-64", 0, 0},
    {"x86-64-v2", 1, V2},
    {"x86-64-v3", 3, V3},
    {"x86-64-v4", 4, V4},
    {"x86-64-v1", 0, 0},
    {"generic", 0, 0},
    {"noarch", 0, 0},
    {"any", 0, 0},
    {"x86_64", 0, 0},
    {"aarch64", 0, 0},
    {"arm64", 0, 0},
    {"ppc64le", 0, 0},
    {"sse2", 0, 0},
    {"sse3", 1, B(SSE3)},
    {"sse4", 1, V2},
    {"avx", 2, V2 | B(AVX)},
    {"avx2", 3, V3},
    {"avx512", 4, V4},
    {"skylake_avx512", 4, V4},
    {"zen4", 4, ZEN4},
};
enum { LEVELS = 4, WORDS = sizeof words / sizeof *words };

#if defined(__x86_64__)
static uint64_t saved_by_system(unsigned ecx)
{
    unsigned low;
    unsigned high;
    if (!(ecx & (1U << 27))) // OSXSAVE
        return 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

uint64_t isa_here(void)
{
    unsigned word[WHERE_COUNT] = {0};
    unsigned a, b, c, d;
    uint64_t ret = 0;
    if (!__get_cpuid(1, &a, &b, &word[L1_ECX], &d))
        return 0;
    if (__get_cpuid_count(7, 0, &a, &word[L7_EBX], &word[L7_ECX], &d) && a >= 1)
        __get_cpuid_count(7, 1, &word[L7_1_EAX], &b, &c, &d);
    __get_cpuid(0x80000001, &a, &b, &word[X1_ECX], &d);
    uint64_t state = saved_by_system(word[L1_ECX]);
    const int has[] = {
        [STATE_NONE] = 1, [STATE_YMM] = (state & 6) == 6, [STATE_ZMM] = (state & 0xe6) == 0xe6};
    for (int i = 0; i < BIT_COUNT; i++)
        if (word[features[i].where] >> features[i].bit & 1 && has[features[i].state])
            ret |= B(i);
    return ret;
}
#else
uint64_t isa_here(void)
{
    return 0;
}
#endif

int isa_word(const char *word, size_t size, uint64_t *ret, const char **ret_word)
{
    for (int i = 0; i < WORDS; i++)
        if (strlen(words[i].word) == size && memcmp(words[i].word, word, size) == 0) {
            if (ret)
                *ret = words[i].need;
            if (ret_word)
                *ret_word = words[i].word;
            return words[i].rank;
        }
    return -1;
}

const char *isa_level(uint64_t have)
{
#if defined(__x86_64__)
    int level = 0;
    while (level + 1 < LEVELS && !(words[level + 1].need & ~have))
        level++;
    return words[level].word;
#elif defined(__aarch64__)
    (void)have;
    return "aarch64";
#else
    (void)have;
    return "generic";
#endif
}

const char *isa_level_for(uint64_t need)
{
    int level = 0;
    while (level + 1 < LEVELS && (need & ~words[level].need))
        level++;
    return words[level].word;
}

void isa_missing(uint64_t need, uint64_t have, char *ret, size_t size)
{
    size_t used = 0;
    ret[0] = '\0';
    for (int i = 0; i < BIT_COUNT; i++) {
        size_t length = strlen(features[i].name);
        if (!(need & ~have & B(i)))
            continue;
        if (used + length + sizeof ", , ..." > size) {
            memcpy(ret + used, ", ...", sizeof ", ...");
            return;
        }
        if (used) {
            memcpy(ret + used, ", ", 2);
            used += 2;
        }
        memcpy(ret + used, features[i].name, length + 1);
        used += length;
    }
}
