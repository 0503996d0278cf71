/* router.h: the parts of the router, in the order in which they need each other; included once per precision. */
#include "kernels/routing/tile.h"
#include "kernels/routing/sort.h"
#include "kernels/routing/score.h"
#include "kernels/routing/select.h"
#include "kernels/routing/choice.h"
#include "kernels/routing/weigh.h"
#include "kernels/routing/route.h"
#include "kernels/routing/score_sums.h"
