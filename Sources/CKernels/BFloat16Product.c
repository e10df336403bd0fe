// Matrix product of operands rounded to bfloat16, summed in float32. a (m, k) and b (k, n) as read through strides; out (m, n).
//
// One sum: k is cut into blocks of 2,048; in a block s = 0, then for every pair (p, p + 1) s = round(s + a[p+1] b[p+1]),
// s = round(s + a[p] b[p]), the order of the processor's own instruction; out = scale * s, or out + scale * s. Operands are rounded
// to nearest, ties to even; what is below the least normal number counts as zero. The processor's instruction and the portable
// loop give the same bits.
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "CKernels.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#pragma STDC FP_CONTRACT OFF

enum { TILE_ROWS = 12, TILE_COLUMNS = 32, BLOCK_ROWS = 192, BLOCK_COLUMNS = 512, BLOCK_DEPTH = 2048 };

uint16_t lethe_bf16(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t magnitude = bits & 0x7FFFFFFFu;
    if (magnitude > 0x7F800000u) return (uint16_t)(bits >> 16 | 0x40);
    if (magnitude < 0x00800000u) return (uint16_t)((bits & 0x80000000u) >> 16);
    return (uint16_t)((bits + 0x7FFFu + (bits >> 16 & 1)) >> 16);
}

static float widened(uint16_t half) {
    const uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/// round(sum + a * b): both are exact in double, so it rounds once.
static float step(float sum, uint16_t a, uint16_t b) {
    const float next = (float)((double)sum + (double)widened(a) * (double)widened(b));
    return fabsf(next) < 1.17549435e-38f ? copysignf(0, next) : next;
}

/// A pair of neighbours along k as the instruction reads it.
static uint32_t pair(const float *first, size_t stride, int has_second) {
    return (uint32_t)lethe_bf16(first[0]) | (uint32_t)(has_second ? lethe_bf16(first[stride]) : 0) << 16;
}

// Packed a: [tile of rows][pair][row of the tile]; packed b: [tile of columns][pair][column of the tile].

/// Packs `count` vectors of length k into tiles of `width`, filling up with zeros. Vector i begins at from + i * vector_stride.
static void pack(const float *from, size_t vector_stride, size_t stride, size_t count, size_t k, size_t width,
                 uint32_t *to) {
    const size_t pairs = (k + 1) / 2;
    for (size_t first = 0; first < count; first += width) {
        const size_t present = count - first < width ? count - first : width;
        for (size_t p = 0; p < pairs; p++, to += width) {
            for (size_t i = 0; i < present; i++)
                to[i] = pair(from + (first + i) * vector_stride + 2 * p * stride, stride, 2 * p + 1 < k);
            for (size_t i = present; i < width; i++) to[i] = 0;
        }
    }
}

/// sums (TILE_ROWS, TILE_COLUMNS) of one tile.
static void multiply_tile(const uint32_t *a, const uint32_t *b, size_t pairs, float *sums) {
    memset(sums, 0, TILE_ROWS * TILE_COLUMNS * sizeof *sums);
    for (size_t p = 0; p < pairs; p++, a += TILE_ROWS, b += TILE_COLUMNS)
        for (size_t i = 0; i < TILE_ROWS; i++)
            for (size_t j = 0; j < TILE_COLUMNS; j++) {
                float *s = sums + i * TILE_COLUMNS + j;
                *s = step(step(*s, (uint16_t)(a[i] >> 16), (uint16_t)(b[j] >> 16)), (uint16_t)a[i], (uint16_t)b[j]);
            }
}

#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define LETHE_HAS_BF16_INSTRUCTION 1
#define LETHE_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"), min_vector_width(512)))

/// Sixteen pairs: neighbours along k from two rows of floats.
LETHE_BF16 static inline __m512i interleave(__m512 even, __m512 odd) {
    const __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(even));
    const __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(odd));
    return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

/// `pack` where neighbouring vectors lie side by side (vector_stride 1).
LETHE_BF16 static void pack_columns(const float *from, size_t stride, size_t count, size_t k, size_t width, uint32_t *to) {
    const size_t pairs = (k + 1) / 2;
    for (size_t first = 0; first < count; first += width) {
        const size_t present = count - first < width ? count - first : width;
        for (size_t p = 0; p < pairs; p++, to += width) {
            const float *row = from + 2 * p * stride + first;
            for (size_t i = 0; i < width; i += 16) {
                const size_t n = present > i ? present - i : 0;
                const __mmask16 mask = n >= 16 ? 0xFFFF : (__mmask16)((1u << n) - 1);
                const size_t room = width - i;
                const __mmask16 out = room >= 16 ? 0xFFFF : (__mmask16)((1u << room) - 1);
                const __m512 even = _mm512_maskz_loadu_ps(mask, row + i);
                const __m512 odd = 2 * p + 1 < k ? _mm512_maskz_loadu_ps(mask, row + stride + i) : _mm512_setzero_ps();
                _mm512_mask_storeu_epi32(to + i, out, interleave(even, odd));
            }
        }
    }
}

/// `pack` where a vector's elements lie side by side (stride 1).
LETHE_BF16 static void pack_rows(const float *from, size_t vector_stride, size_t count, size_t k, size_t width,
                                 uint32_t *to) {
    const size_t pairs = (k + 1) / 2;
    for (size_t first = 0; first < count; first += width, to += pairs * width) {
        const size_t present = count - first < width ? count - first : width;
        for (size_t i = 0; i < width; i++) {
            const float *row = from + (first + i) * vector_stride;
            for (size_t p = 0; p < pairs; p += 16) {
                const size_t n = k - 2 * p < 32 ? k - 2 * p : 32;
                uint32_t lanes[16] = {0};
                if (i < present) {
                    const __mmask16 low = n >= 16 ? 0xFFFF : (__mmask16)((1u << n) - 1);
                    const __mmask16 high = n >= 32 ? 0xFFFF : n > 16 ? (__mmask16)((1u << (n - 16)) - 1) : 0;
                    const __m512 front = _mm512_maskz_loadu_ps(low, row + 2 * p);
                    const __m512 back = _mm512_maskz_loadu_ps(high, row + 2 * p + 16);
                    _mm512_storeu_si512(lanes, (__m512i)_mm512_cvtne2ps_pbh(back, front));
                }
                const size_t last = pairs - p < 16 ? pairs - p : 16;
                for (size_t q = 0; q < last; q++) to[(p + q) * width + i] = lanes[q];
            }
        }
    }
}

LETHE_BF16 static void multiply_tile_fast(const uint32_t *a, const uint32_t *b, size_t pairs, float *sums) {
    __m512 s[TILE_ROWS][2];
#pragma clang loop unroll(full)
    for (int i = 0; i < TILE_ROWS; i++) s[i][0] = s[i][1] = _mm512_setzero_ps();
    for (size_t p = 0; p < pairs; p++, a += TILE_ROWS, b += TILE_COLUMNS) {
        const __m512bh left = (__m512bh)_mm512_loadu_si512(b), right = (__m512bh)_mm512_loadu_si512(b + 16);
#pragma clang loop unroll(full)
        for (int i = 0; i < TILE_ROWS; i++) {
            const __m512bh row = (__m512bh)_mm512_set1_epi32((int)a[i]);
            s[i][0] = _mm512_dpbf16_ps(s[i][0], row, left);
            s[i][1] = _mm512_dpbf16_ps(s[i][1], row, right);
        }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < TILE_ROWS; i++) {
        _mm512_storeu_ps(sums + i * TILE_COLUMNS, s[i][0]);
        _mm512_storeu_ps(sums + i * TILE_COLUMNS + 16, s[i][1]);
    }
}
#endif

int lethe_bf16_is_native(void) {
#if defined(LETHE_HAS_BF16_INSTRUCTION)
    return __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
           && __builtin_cpu_supports("avx512dq");
#else
    return 0;
#endif
}

static void pack_any(const float *from, size_t vector_stride, size_t stride, size_t count, size_t k, size_t width,
                     uint32_t *to, int native) {
#if defined(LETHE_HAS_BF16_INSTRUCTION)
    if (native && stride == 1) return pack_rows(from, vector_stride, count, k, width, to);
    if (native && vector_stride == 1) return pack_columns(from, stride, count, k, width, to);
#endif
    pack(from, vector_stride, stride, count, k, width, to);
}

static void multiply_any(const uint32_t *a, const uint32_t *b, size_t pairs, float *sums, int native) {
#if defined(LETHE_HAS_BF16_INSTRUCTION)
    if (native) return multiply_tile_fast(a, b, pairs, sums);
#endif
    multiply_tile(a, b, pairs, sums);
}

// Every thread keeps one buffer for packed operands until it ends: after the first product nothing is allocated.

struct scratch { size_t size; };
static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;
static void make_scratch_key(void) { pthread_key_create(&scratch_key, free); }

static uint32_t *scratch(size_t words) {
    pthread_once(&scratch_once, make_scratch_key);
    struct scratch *own = pthread_getspecific(scratch_key);
    if (!own || own->size < words) {
        free(own);
        // One cache line for the size, the words after it.
        own = aligned_alloc(64, (64 + words * sizeof(uint32_t) + 63) & ~(size_t)63);
        if (!own) abort();
        own->size = words;
        pthread_setspecific(scratch_key, own);
    }
    return (uint32_t *)((char *)own + 64);
}

static size_t rounded(size_t count, size_t width) { return (count + width - 1) / width * width; }
static size_t least(size_t a, size_t b) { return a < b ? a : b; }

void lethe_bf16_product(const struct lethe_operand a, const struct lethe_operand b, float *out, size_t out_stride,
                        size_t m, size_t n, size_t k, float scale, int accumulate, int portable) {
    const int native = !portable && lethe_bf16_is_native();
    const size_t depth = least(k, BLOCK_DEPTH), most_pairs = (depth + 1) / 2;
    uint32_t *packed_b = scratch(most_pairs * (rounded(least(n, BLOCK_COLUMNS), TILE_COLUMNS)
                                               + rounded(least(m, BLOCK_ROWS), TILE_ROWS)));
    uint32_t *packed_a = packed_b + most_pairs * rounded(least(n, BLOCK_COLUMNS), TILE_COLUMNS);
    float sums[TILE_ROWS * TILE_COLUMNS];
    for (size_t k0 = 0; k0 < k; k0 += BLOCK_DEPTH) {
        const size_t kc = least(k - k0, BLOCK_DEPTH), pairs = (kc + 1) / 2;
        const int adds = accumulate || k0 > 0;
        for (size_t n0 = 0; n0 < n; n0 += BLOCK_COLUMNS) {
            const size_t nc = least(n - n0, BLOCK_COLUMNS);
            pack_any(b.start + k0 * b.row_stride + n0 * b.column_stride, b.column_stride, b.row_stride, nc, kc,
                     TILE_COLUMNS, packed_b, native);
            for (size_t m0 = 0; m0 < m; m0 += BLOCK_ROWS) {
                const size_t mc = least(m - m0, BLOCK_ROWS);
                pack_any(a.start + m0 * a.row_stride + k0 * a.column_stride, a.row_stride, a.column_stride, mc, kc,
                         TILE_ROWS, packed_a, native);
                for (size_t j = 0; j < nc; j += TILE_COLUMNS)
                    for (size_t i = 0; i < mc; i += TILE_ROWS) {
                        multiply_any(packed_a + i * pairs, packed_b + j * pairs, pairs, sums, native);
                        const size_t rows = least(mc - i, TILE_ROWS), columns = least(nc - j, TILE_COLUMNS);
                        for (size_t r = 0; r < rows; r++) {
                            float *to = out + (m0 + i + r) * out_stride + n0 + j;
                            const float *s = sums + r * TILE_COLUMNS;
                            if (adds)
                                for (size_t c = 0; c < columns; c++) to[c] += scale * s[c];
                            else
                                for (size_t c = 0; c < columns; c++) to[c] = scale * s[c];
                        }
                    }
            }
        }
    }
}
