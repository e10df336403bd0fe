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

enum { TILE_ROWS = 12, TILE_COLUMNS = 32, BLOCK_ROWS = 192, BLOCK_COLUMNS = 512, BLOCK_DEPTH = 2048, CHUNK = 32 };

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

// Packed a: [tile of rows][pair][row of the tile] (or in chunks, see below); packed b: [tile of columns][pair][column of the tile].

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

/// The first n of sixteen lanes.
static inline __mmask16 lanes(size_t n) { return n >= 16 ? 0xFFFF : (__mmask16)((1u << n) - 1); }

/// `pack` where neighbouring vectors lie side by side (vector_stride 1).
LETHE_BF16 static void pack_columns(const float *from, size_t stride, size_t count, size_t k, size_t width, uint32_t *to) {
    const size_t pairs = (k + 1) / 2;
    uint16_t order[32];
    for (int i = 0; i < 16; i++) {
        order[2 * i] = (uint16_t)i;
        order[2 * i + 1] = (uint16_t)(16 + i);
    }
    const __m512i interleaved = _mm512_loadu_si512(order);
    for (size_t first = 0; first < count; first += width) {
        const size_t present = count - first < width ? count - first : width;
        for (size_t p = 0; p < pairs; p++, to += width) {
            const float *row = from + 2 * p * stride + first;
            for (size_t i = 0; i < width; i += 16) {
                const __mmask16 mask = lanes(present > i ? present - i : 0);
                const __m512 even = _mm512_maskz_loadu_ps(mask, row + i);
                const __m512 odd = 2 * p + 1 < k ? _mm512_maskz_loadu_ps(mask, row + stride + i) : _mm512_setzero_ps();
                const __m512i both = _mm512_permutexvar_epi16(interleaved, (__m512i)_mm512_cvtne2ps_pbh(odd, even));
                _mm512_mask_storeu_epi32(to + i, lanes(width - i), both);
            }
        }
    }
}

/// Sixteen pairs of one vector, from its element 2 p on; what is beyond k counts as zero.
LETHE_BF16 static inline __m512i sixteen_pairs(const float *vector, size_t p, size_t k) {
    const size_t left = k - 2 * p;
    const __m512 front = _mm512_maskz_loadu_ps(lanes(left), vector + 2 * p);
    const __m512 back = _mm512_maskz_loadu_ps(left > 16 ? lanes(left - 16) : 0, vector + 2 * p + 16);
    return (__m512i)_mm512_cvtne2ps_pbh(back, front);
}

/// Transposes sixteen by sixteen words.
LETHE_BF16 static inline void transpose(__m512i r[16]) {
    __m512i t[16];
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 4) {
        r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
        r[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
        r[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
    }
}

/// `pack` for tiles of TILE_COLUMNS where a vector's elements lie side by side (stride 1).
LETHE_BF16 static void pack_transposed(const float *from, size_t vector_stride, size_t count, size_t k, uint32_t *to) {
    const size_t pairs = (k + 1) / 2;
    for (size_t first = 0; first < count; first += TILE_COLUMNS, to += pairs * TILE_COLUMNS) {
        for (size_t half = 0; half < TILE_COLUMNS; half += 16) {
            for (size_t p = 0; p < pairs; p += 16) {
                __m512i r[16];
#pragma clang loop unroll(full)
                for (size_t i = 0; i < 16; i++) {
                    const size_t vector = first + half + i;
                    r[i] = vector < count ? sixteen_pairs(from + vector * vector_stride, p, k) : _mm512_setzero_si512();
                }
                transpose(r);
                const size_t last = pairs - p < 16 ? pairs - p : 16;
                for (size_t q = 0; q < last; q++) _mm512_storeu_si512(to + (p + q) * TILE_COLUMNS + half, r[q]);
            }
        }
    }
}

/// Packs a's rows where their elements lie side by side: [tile of rows][chunk of k][row of the tile][pair of the chunk].
LETHE_BF16 static void pack_chunks(const float *from, size_t vector_stride, size_t count, size_t k, uint32_t *to) {
    const size_t pairs = (k + 1) / 2;
    for (size_t first = 0; first < count; first += TILE_ROWS)
        for (size_t chunk = 0; chunk < pairs; chunk += CHUNK)
            for (size_t i = 0; i < TILE_ROWS; i++)
                for (size_t p = chunk; p < chunk + CHUNK; p += 16, to += 16)
                    _mm512_storeu_si512(to, first + i < count && p < pairs
                                                ? sixteen_pairs(from + (first + i) * vector_stride, p, k)
                                                : _mm512_setzero_si512());
}

/// One pair of every row of the tile: row i's is a[i * stride].
#define LETHE_BF16_STEP(stride)                                                                                       \
    {                                                                                                                 \
        const __m512bh left = (__m512bh)_mm512_loadu_si512(b), right = (__m512bh)_mm512_loadu_si512(b + 16);          \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < TILE_ROWS; i++) {                                      \
            const __m512bh row = (__m512bh)_mm512_set1_epi32((int)a[i * (stride)]);                                   \
            s[i][0] = _mm512_dpbf16_ps(s[i][0], row, left);                                                           \
            s[i][1] = _mm512_dpbf16_ps(s[i][1], row, right);                                                          \
        }                                                                                                             \
    }

LETHE_BF16 static void multiply_tile_fast(const uint32_t *a, const uint32_t *b, size_t pairs, float *sums, int chunked) {
    __m512 s[TILE_ROWS][2];
#pragma clang loop unroll(full)
    for (int i = 0; i < TILE_ROWS; i++) s[i][0] = s[i][1] = _mm512_setzero_ps();
    if (chunked) {
        for (size_t chunk = 0; chunk < pairs; chunk += CHUNK, a += (TILE_ROWS - 1) * CHUNK) {
            const size_t n = pairs - chunk < CHUNK ? pairs - chunk : CHUNK;
            for (size_t p = 0; p < n; p++, a++, b += TILE_COLUMNS) LETHE_BF16_STEP(CHUNK)
        }
    } else {
        for (size_t p = 0; p < pairs; p++, a += TILE_ROWS, b += TILE_COLUMNS) LETHE_BF16_STEP(1)
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

/// Packs b's columns.
static void pack_b(struct lethe_operand b, size_t n, size_t k, uint32_t *to, int native) {
#if defined(LETHE_HAS_BF16_INSTRUCTION)
    if (native && b.row_stride == 1) return pack_transposed(b.start, b.column_stride, n, k, to);
    if (native) return pack_columns(b.start, b.row_stride, n, k, TILE_COLUMNS, to);
#endif
    pack(b.start, b.column_stride, b.row_stride, n, k, TILE_COLUMNS, to);
}

/// Packs a's rows.
static void pack_a(struct lethe_operand a, size_t m, size_t k, uint32_t *to, int native) {
#if defined(LETHE_HAS_BF16_INSTRUCTION)
    if (native && a.column_stride == 1) return pack_chunks(a.start, a.row_stride, m, k, to);
    if (native) return pack_columns(a.start, a.column_stride, m, k, TILE_ROWS, to);
#endif
    pack(a.start, a.row_stride, a.column_stride, m, k, TILE_ROWS, to);
}

static void multiply_any(const uint32_t *a, const uint32_t *b, size_t pairs, float *sums, int native, int chunked) {
#if defined(LETHE_HAS_BF16_INSTRUCTION)
    if (native) return multiply_tile_fast(a, b, pairs, sums, chunked);
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

static struct lethe_operand part(struct lethe_operand whole, size_t row, size_t column) {
    whole.start += row * whole.row_stride + column * whole.column_stride;
    return whole;
}

void lethe_bf16_product(const struct lethe_operand a, const struct lethe_operand b, float *out, size_t out_stride,
                        size_t m, size_t n, size_t k, float scale, int accumulate, int portable) {
    const int native = !portable && lethe_bf16_is_native(), chunked = native && a.column_stride == 1;
    const size_t most_pairs = (least(k, BLOCK_DEPTH) + 1) / 2;
    const size_t b_words = most_pairs * rounded(least(n, BLOCK_COLUMNS), TILE_COLUMNS);
    uint32_t *packed_b = scratch(b_words + rounded(most_pairs, CHUNK) * rounded(least(m, BLOCK_ROWS), TILE_ROWS));
    uint32_t *packed_a = packed_b + b_words;
    float sums[TILE_ROWS * TILE_COLUMNS];
    for (size_t k0 = 0; k0 < k; k0 += BLOCK_DEPTH) {
        const size_t kc = least(k - k0, BLOCK_DEPTH), pairs = (kc + 1) / 2;
        const size_t a_stride = chunked ? rounded(pairs, CHUNK) : pairs;
        const int adds = accumulate || k0 > 0;
        for (size_t n0 = 0; n0 < n; n0 += BLOCK_COLUMNS) {
            const size_t nc = least(n - n0, BLOCK_COLUMNS);
            pack_b(part(b, k0, n0), nc, kc, packed_b, native);
            for (size_t m0 = 0; m0 < m; m0 += BLOCK_ROWS) {
                const size_t mc = least(m - m0, BLOCK_ROWS);
                pack_a(part(a, m0, k0), mc, kc, packed_a, native);
                for (size_t j = 0; j < nc; j += TILE_COLUMNS)
                    for (size_t i = 0; i < mc; i += TILE_ROWS) {
                        multiply_any(packed_a + i * a_stride, packed_b + j * pairs, pairs, sums, native, chunked);
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
