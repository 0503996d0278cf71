/* region_begin.h: everything up to region_end.h is compiled for TM_TARGET, whatever the flags of the build say. System
 * headers come before it, so that none of their code is compiled for a processor that may not be there. */
#define TM_TEXT(...) #__VA_ARGS__
#define TM_PRAGMA(...) _Pragma(TM_TEXT(__VA_ARGS__))
#if defined(__clang__)
#define TM_PUSH(features) TM_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
TM_PUSH(TM_TARGET)
#elif defined(__GNUC__)
#define TM_PUSH(features) TM_PRAGMA(GCC target(features))
#pragma GCC push_options
TM_PUSH(TM_TARGET)
#else
#error "tokenmill needs gcc or clang: no other compiler's target regions are known here"
#endif
