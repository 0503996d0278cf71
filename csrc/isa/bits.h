/* bits.h: the IEEE bits of doubles and floats, shared by every lane vocabulary. */
#ifndef TM_BITS_H
#define TM_BITS_H

#include <stdint.h>
#include <string.h>

static inline uint64_t bits_of(double x) { uint64_t u; memcpy(&u, &x, 8); return u; }
static inline double double_of(uint64_t u) { double x; memcpy(&x, &u, 8); return x; }
static inline float float_of(uint32_t u) { float x; memcpy(&x, &u, 4); return x; }

#endif
