// Dropout from counters: whether element i of a stream stays is a function of (key, i) alone. in, out (n).
#include "CKernels.h"
#include "Vector.h"

LETHE_INLINE uint64_t scramble(uint64_t key, uint64_t pair) {
    uint64_t z = key + (pair + 1) * 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

LETHE_INLINE uint32_t bits_of(uint64_t key, uint64_t index) {
    const uint64_t z = scramble(key, index >> 1);
    return (uint32_t)(index & 1 ? z >> 32 : z);
}

uint32_t lethe_random_bits(uint64_t key, uint64_t index) { return bits_of(key, index); }

LETHE_KERNEL void lethe_dropout(const float *in, float *out, size_t n, uint64_t key, uint64_t first, uint32_t threshold,
                                float scale) {
    size_t i = 0;
    if (n > 0 && first & 1) {
        out[0] = bits_of(key, first) >= threshold ? in[0] * scale : 0;
        i = 1;
    }
    const uint64_t pair = (first + i) >> 1;
    const size_t pairs = (n - i) / 2;
    for (size_t k = 0; k < pairs; k++) {
        const uint64_t z = scramble(key, pair + k);
        const float a = in[i + 2 * k], b = in[i + 2 * k + 1];
        out[i + 2 * k] = (uint32_t)z >= threshold ? a * scale : 0;
        out[i + 2 * k + 1] = (uint32_t)(z >> 32) >= threshold ? b * scale : 0;
    }
    i += 2 * pairs;
    if (i < n) out[i] = bits_of(key, first + i) >= threshold ? in[i] * scale : 0;
}
