/* avx512.c: the kernels for x86-64 processors with AVX-512 F, DQ, BW and VL. */
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "isa/kernels.h"

#define TM_TARGET "avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi,bmi2,lzcnt,popcnt"
#include "isa/region_begin.h"
#include "isa/lanes_avx512.h"
#include "isa/all_kernels.h"
#include "isa/region_end.h"

TM_KERNEL_TABLE(avx512);
#endif
