// Sixteen floats at a time, in the compiler's portable vector types: one AVX-512 register, two of AVX2, four of SSE or NEON.
#ifndef LETHE_VECTOR_H
#define LETHE_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// The thread sanitizer is not ready yet when the loader picks a clone.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define LETHE_KERNEL __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4"), min_vector_width(512)))
#else
#define LETHE_KERNEL
#endif

#define LETHE_INLINE static inline __attribute__((always_inline))

enum { LANES = 16 };

typedef float floats __attribute__((vector_size(64)));
typedef int32_t ints __attribute__((vector_size(64)));

// Helpers take vectors by address: passing them by value would change the calling convention from clone to clone.

LETHE_INLINE void load(floats *v, const float *p) { memcpy(v, p, sizeof *v); }
LETHE_INLINE void store(const floats *v, float *p) { memcpy(p, v, sizeof *v); }

/// The first n < 16 floats; the other lanes get `rest`.
LETHE_INLINE void load_part(floats *v, const float *p, size_t n, float rest) {
    for (size_t k = 0; k < LANES; k++) (*v)[k] = k < n ? p[k] : rest;
}
LETHE_INLINE void store_part(const floats *v, float *p, size_t n) { memcpy(p, v, n * sizeof(float)); }

/// The lanes' sum by halves: one fixed order.
LETHE_INLINE float sum_lanes(const floats *v) {
    float lane[LANES];
    memcpy(lane, v, sizeof lane);
    for (size_t half = LANES / 2; half > 0; half /= 2)
        for (size_t k = 0; k < half; k++) lane[k] += lane[k + half];
    return lane[0];
}

LETHE_INLINE float max_lanes(const floats *v) {
    float most = (*v)[0];
    for (size_t k = 1; k < LANES; k++) most = (*v)[k] > most ? (*v)[k] : most;
    return most;
}

/// v = e^v with at most 1e-7 relative error up to 88; exactly 0 below -87.33.
///
/// Reduction by multiples of ln 2 (Cody and Waite), then the degree-6 polynomial of Cephes' expf.
LETHE_INLINE void exponential(floats *v) {
    floats x = __builtin_elementwise_min(*v, (floats){} + 88.0f);
    ints visible = x > -87.33f;
    x = __builtin_elementwise_max(x, (floats){} - 87.33f);
    const float shift = 12582912.0f;  // 1.5 * 2^23: adding and taking it away rounds to an integer
    floats n = (x * 1.44269504f + shift) - shift;
    floats r = x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    floats p = (floats){} + 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    ints power = (__builtin_convertvector(n, ints) + 127) << 23;
    floats scale;
    memcpy(&scale, &power, sizeof scale);
    p = p * scale;
    ints bits;
    memcpy(&bits, &p, sizeof bits);
    bits &= visible;
    memcpy(v, &bits, sizeof *v);
}

#endif
