/* moments.h: one series' exact moments, and products with an input; see sums.h for the arithmetic.
 *
 * Contract: y (n,) of any length and content; results do not depend on how a series is cut into calls or on their order.
 * Blocks of TM_BLOCK values are read in place; shorter pieces are copied once and padded with zeros, which add nothing.
 */
typedef struct extremes {
    double minimum, maximum;
    int all_finite;
} extremes;

/* minimum and maximum of y (n,) leave NaN out; n is a multiple of LANES or the tail is scalar */
static inline extremes scan(const double *y, size_t n)
{
    const vd infinity = vd_set(__builtin_inf());
    vd low = infinity, high = vd_sub(vd_set(0.0), infinity), finite = vd_set(0.0);
    size_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        vd x = vd_load(y + j);
        low = vd_min(x, low);
        high = vd_max(x, high);
        finite = vd_add(finite, vd_sub(x, x)); /* 0 while all are finite, NaN ever after */
    }
    double lane_low[LANES], lane_high[LANES], rest = lanes_total(finite);
    vd_store(lane_low, low);
    vd_store(lane_high, high);
    extremes found = {lane_low[0], lane_high[0], 0};
    for (int i = 1; i < LANES; ++i) {
        found.minimum = lane_low[i] < found.minimum ? lane_low[i] : found.minimum;
        found.maximum = lane_high[i] > found.maximum ? lane_high[i] : found.maximum;
    }
    for (; j < n; ++j) {
        found.minimum = y[j] < found.minimum ? y[j] : found.minimum;
        found.maximum = y[j] > found.maximum ? y[j] : found.maximum;
        rest += y[j] - y[j];
    }
    found.all_finite = rest == 0.0;
    return found;
}

/* A new extreme is looked up by value, so that -0.0 and 0.0 count as equal and the lowest index decides between them. */
static inline void extremes_merge(const double *y, size_t n, uint64_t first_index, extremes found, tm_moments *moments)
{
    if (found.minimum < moments->minimum || (found.minimum == moments->minimum && first_index < moments->argmin)) {
        for (size_t j = 0; j < n; ++j) {
            if (y[j] == found.minimum) {
                moments->minimum = y[j];
                moments->argmin = first_index + j;
                break;
            }
        }
    }
    if (found.maximum > moments->maximum || (found.maximum == moments->maximum && first_index < moments->argmax)) {
        for (size_t j = 0; j < n; ++j) {
            if (y[j] == found.maximum) {
                moments->maximum = y[j];
                moments->argmax = first_index + j;
                break;
            }
        }
    }
}

static inline double larger_magnitude(double a, double b)
{
    a = double_of(bits_of(a) & 0x7FFFFFFFFFFFFFFFu);
    b = double_of(bits_of(b) & 0x7FFFFFFFFFFFFFFFu);
    return a > b ? a : b;
}

static void moments_piece(const double *y, size_t n, uint64_t first_index, tm_moments *moments)
{
    double padded[TM_BLOCK];
    extremes found = scan(y, n);
    extremes_merge(y, n, first_index, found, moments);
    moments->count += n;
    const double *values = y;
    if (n < TM_BLOCK || !found.all_finite) {
        memset(padded, 0, sizeof padded);
        double largest = 0.0;
        for (size_t j = 0; j < n; ++j) {
            if (y[j] - y[j] == 0.0) {
                padded[j] = y[j];
                largest = larger_magnitude(largest, y[j]);
            } else {
                moments->nan_count += y[j] != y[j];
                moments->positive_infinities += y[j] > 0.0;
                moments->negative_infinities += y[j] < 0.0;
                ++moments->sum.skipped;
            }
        }
        values = padded;
        found.minimum = found.maximum = largest;
    }
    sums_add(values, larger_magnitude(found.minimum, found.maximum), 1, &moments->sum, moments->square_limb);
}

static void moments_add(size_t n, const double *y, uint64_t first_index, tm_moments *moments)
{
    for (size_t done = 0; done < n; done += TM_BLOCK) {
        size_t piece = n - done < TM_BLOCK ? n - done : TM_BLOCK;
        moments_piece(y + done, piece, first_index + done, moments);
    }
}

/* Adds fl((x - centre) * y): rounded once per scenario, the same whatever the cut, then summed exactly. */
static void products_add(size_t n, const double *x, double centre, const double *y, tm_sum *sum)
{
    double product[TM_BLOCK];
    for (size_t done = 0; done < n; done += TM_BLOCK) {
        size_t piece = n - done < TM_BLOCK ? n - done : TM_BLOCK;
        if (piece < TM_BLOCK) {
            memset(product, 0, sizeof product);
        }
        for (size_t j = 0; j < piece; ++j) {
            product[j] = (x[done + j] - centre) * y[done + j];
        }
        extremes found = scan(product, piece);
        if (!found.all_finite) {
            found.minimum = found.maximum = 0.0;
            for (size_t j = 0; j < piece; ++j) {
                if (product[j] - product[j] != 0.0) {
                    product[j] = 0.0;
                    ++sum->skipped;
                }
                found.maximum = larger_magnitude(found.maximum, product[j]);
            }
        }
        sums_add(product, larger_magnitude(found.minimum, found.maximum), 0, sum, NULL);
    }
}
