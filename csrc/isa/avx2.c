/* avx2.c: the kernels for x86-64 processors with AVX2 and FMA. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "isa/kernels.h"

#define TM_TARGET "avx2,fma,f16c,bmi,bmi2,lzcnt,popcnt"
#include "isa/region_begin.h"
#include "isa/lanes_avx2.h"
#include "isa/all_kernels.h"
#include "isa/region_end.h"

TM_KERNEL_TABLE(avx2);
#endif
