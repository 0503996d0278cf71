/* baseline.c: the kernels in portable C, for any processor the compiler targets by default. */
#include <string.h>

#include "isa/kernels.h"
#include "isa/lanes_scalar.h"
#include "isa/all_kernels.h"

TM_KERNEL_TABLE(baseline);
