/* sums.h: exact sums of y and of y^2, extremes with their index, and products with an input.
 *
 *   y = h1 + h2 + h3 exactly, h1 a multiple of 2^(E-20), h2 of 2^(E-42), h3 of 2^(E-64), each at most 2^21 units long
 *   sum y = sum h1 + sum h2 + sum h3;  sum y^2 = sum h1^2 + 2 h1 h2 + (2 h1 h3 + h2^2) + 2 h2 h3 + h3^2
 *
 * where 2^E <= max |y| < 2^(E+1). Every slice, product and partial sum of a block of 1,024 values fits 53 bits, so plain
 * double arithmetic makes no error and neither order nor lane count can change the result. The split needs |y| >= 2^(E-12);
 * smaller values wait for another pass with an E of their own. A sum without squares takes slices of 26 bits instead (units
 * 2^(E-25) and 2^(E-51)), which reach down to 2^(E-24). Partial sums go into 32-bit limbs (a superaccumulator), which merge
 * by integer addition: commutative, associative, lossless.
 *
 * NaN and infinities are counted and left out of the sums. No allocation; O(n) per pass, one per 13 (25) binades spanned.
 *
 *   y ----> scan: min, max, all finite?
 *     \---> pass E0: |y| in [2^(E0-12), 2^(E0+1)) -> 3 + 6 lane sums -> limbs
 *      \--> pass E1 < E0 - 12: what pass E0 left, if anything
 */
#define SUM_WINDOW(with_squares) ((with_squares) ? 12 : 24)
#define SUM_FIRST_UNIT(with_squares) ((with_squares) ? 20 : 25)
#define SUM_SECOND_UNIT(with_squares) ((with_squares) ? 42 : 51)
/* Carries are propagated before 2^31 additions of at most 2^32 could overflow a limb. */
#define SUM_ADDITIONS_LIMIT ((uint64_t)1 << 30)
/* Beyond this exponent blocks are scaled by a power of two, so that slices and their products stay normal doubles. */
#define SUM_EXPONENT_LIMIT 400

static void limbs_propagate(int64_t *limb, int count)
{
    for (int i = 0; i + 1 < count; ++i) {
        int64_t low = limb[i] & 0xFFFFFFFF;
        limb[i + 1] += (limb[i] - low) / 4294967296;
        limb[i] = low;
    }
}

/* Adds x * 2^scale, x an integer multiple of the limbs' last bit: position 0 is 2^-origin. */
static void limbs_add(int64_t *limb, int origin, double x, int scale)
{
    uint64_t bits = bits_of(x), magnitude = bits & 0x7FFFFFFFFFFFFFFFu;
    if (magnitude == 0) {
        return;
    }
    int field = (int)(magnitude >> 52);
    uint64_t mantissa = field ? (magnitude & 0xFFFFFFFFFFFFFu) | 0x10000000000000u : magnitude;
    int position = (field ? field : 1) - 1075 + scale + origin;
    if (position < 0) { /* the bits below the last limb are zero */
        mantissa >>= -position;
        position = 0;
    }
    unsigned __int128 wide = (unsigned __int128)mantissa << (position & 31);
    int64_t sign = bits >> 63 ? -1 : 1;
    limb += position >> 5;
    limb[0] += sign * (int64_t)(uint32_t)wide;
    limb[1] += sign * (int64_t)(uint32_t)(wide >> 32);
    limb[2] += sign * (int64_t)(uint32_t)(wide >> 64);
}

static void sum_reserve(tm_sum *sum, int64_t *square, uint64_t additions)
{
    sum->additions += additions;
    if (sum->additions >= SUM_ADDITIONS_LIMIT) {
        limbs_propagate(sum->limb, TM_SUM_LIMBS);
        if (square) {
            limbs_propagate(square, TM_SQUARE_LIMBS);
        }
        sum->additions = additions;
    }
}

static inline double lanes_total(vd x)
{
    double lane[LANES], total = 0.0;
    vd_store(lane, x);
    for (int i = 0; i < LANES; ++i) {
        total += lane[i];
    }
    return total;
}

static inline double lanes_max(vd x)
{
    double lane[LANES], largest = 0.0;
    vd_store(lane, x);
    for (int i = 0; i < LANES; ++i) {
        largest = lane[i] > largest ? lane[i] : largest;
    }
    return largest;
}

/* The least magnitude the split of this exponent is exact for. Near the subnormals it is exact for all. */
static inline double window_floor(int exponent, int with_squares)
{
    int lowest = exponent - SUM_WINDOW(with_squares);
    return lowest < -1022 ? 0.0 : double_of((uint64_t)(lowest + 1023) << 52);
}

/* 1.5 * 2^(52 + unit): adding and subtracting it rounds to a multiple of 2^unit */
static inline vd rounding_magic(int unit)
{
    return vd_set(double_of((uint64_t)(unit + 52 + 1023) << 52 | 0x8000000000000u));
}

/* Adds the values of y (TM_BLOCK,) with floor <= |y| < 2^(exponent+1), which holds for all that are not below the floor.
 * Returns the largest |y| below the floor. */
static inline double sums_pass(const double *y, int exponent, double floor, int scale, int with_squares, tm_sum *sum,
                               int64_t *square)
{
    const vd magic1 = rounding_magic(exponent - SUM_FIRST_UNIT(with_squares));
    const vd magic2 = rounding_magic(exponent - SUM_SECOND_UNIT(with_squares));
    const vd floor_ = vd_set(floor);
    const vd zero = vd_set(0.0);
    const vu magnitude_mask = vu_set(0x7FFFFFFFFFFFFFFFu);
    vd s1 = zero, s2 = zero, s3 = zero, s11 = zero, s12 = zero, s13 = zero, s22 = zero, s23 = zero, s33 = zero;
    vd left = zero;
    for (int j = 0; j < TM_BLOCK; j += LANES) {
        vd x = vd_load(y + j);
        vd magnitude = vd_of(vu_and(vu_of(x), magnitude_mask));
        vm wait = vd_lt(magnitude, floor_);
        left = vd_max(left, vd_select(wait, magnitude, zero));
        x = vd_select(wait, zero, x);
        vd h1 = vd_sub(vd_add(x, magic1), magic1);
        x = vd_sub(x, h1);
        vd h2 = vd_sub(vd_add(x, magic2), magic2);
        vd h3 = vd_sub(x, h2);
        s1 = vd_add(s1, h1);
        s2 = vd_add(s2, h2);
        s3 = vd_add(s3, h3);
        if (with_squares) {
            s11 = vd_muladd_exact(h1, h1, s11);
            s12 = vd_muladd_exact(h1, h2, s12);
            s13 = vd_muladd_exact(h1, h3, s13);
            s22 = vd_muladd_exact(h2, h2, s22);
            s23 = vd_muladd_exact(h2, h3, s23);
            s33 = vd_muladd_exact(h3, h3, s33);
        }
    }
    sum_reserve(sum, square, 6);
    limbs_add(sum->limb, 1074, lanes_total(s1), scale);
    limbs_add(sum->limb, 1074, lanes_total(s2), scale);
    limbs_add(sum->limb, 1074, lanes_total(s3), scale);
    if (with_squares) {
        limbs_add(square, 2148, lanes_total(s11), 2 * scale);
        limbs_add(square, 2148, lanes_total(s12), 2 * scale + 1);
        limbs_add(square, 2148, lanes_total(s13), 2 * scale + 1);
        limbs_add(square, 2148, lanes_total(s22), 2 * scale);
        limbs_add(square, 2148, lanes_total(s23), 2 * scale + 1);
        limbs_add(square, 2148, lanes_total(s33), 2 * scale);
    }
    return lanes_max(left);
}

static inline int exponent_of(double magnitude)
{
    int field = (int)(bits_of(magnitude) >> 52);
    return field ? field - 1023 : -1022;
}

/* scaled (TM_BLOCK,) = the values of y with floor <= |y| <= ceiling times 2^-exponent, 0 for the others: an exact scaling,
 * because those values land near 1. Returns the largest |y| below the floor. */
static inline double sums_window(const double *y, double floor, double ceiling, int exponent, double *scaled)
{
    /* two factors, because 2^1074 is no double */
    const double factor1 = double_of((uint64_t)(1023 - exponent / 2) << 52);
    const double factor2 = double_of((uint64_t)(1023 - (exponent - exponent / 2)) << 52);
    double left = 0.0;
    for (int j = 0; j < TM_BLOCK; ++j) {
        double size = double_of(bits_of(y[j]) & 0x7FFFFFFFFFFFFFFFu);
        left = size < floor && size > left ? size : left;
        scaled[j] = size < floor || size > ceiling ? 0.0 : y[j] * factor1 * factor2;
    }
    return left;
}

/* Adds y (TM_BLOCK,), all finite, whose largest magnitude is given. */
static inline void sums_add(const double *y, double magnitude, int with_squares, tm_sum *sum, int64_t *square)
{
    double scaled[TM_BLOCK];
    int exponent = exponent_of(magnitude);
    if (exponent >= -SUM_EXPONENT_LIMIT && exponent <= SUM_EXPONENT_LIMIT) {
        magnitude = sums_pass(y, exponent, window_floor(exponent, with_squares), 0, with_squares, sum, square);
    }
    while (magnitude > 0.0) {
        exponent = exponent_of(magnitude);
        double left = sums_window(y, window_floor(exponent, with_squares), magnitude, exponent, scaled);
        sums_pass(scaled, 0, 0.0, exponent, with_squares, sum, square);
        magnitude = left;
    }
}
