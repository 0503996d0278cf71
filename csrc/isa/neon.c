/* neon.c: the kernels for AArch64, where NEON and fma belong to the base architecture. */
#if defined(__aarch64__)
#include <string.h>

#include "isa/kernels.h"
#include "isa/lanes_neon.h"
#include "isa/all_kernels.h"

TM_KERNEL_TABLE(neon);
#endif
