/* histogram.h: log-histogram whose buckets are cut from the IEEE bits.
 *
 *   bucket(y) = bits(y) >> 42                      sign, exponent and the top 10 mantissa bits: relative half-width 2^-11
 *   bucket(y) = TM_HISTOGRAM_INTEGERS + 2^20 + y   for integers |y| <= 2^20, each counted by itself
 *
 * Contract: histogram (TM_HISTOGRAM_BUCKETS,) uint32, the caller empties it before a bucket can reach 2^32. Counting is
 * integer, so merging is exact. The table spans every double; only the 4 KB pages of octaves that occur are ever touched,
 * so memory that the system maps on first use costs about 40 KB where the values live. O(n), no allocation.
 *
 *   y: 4 or 8 at a time --> bucket index (lanes) --> small buffer --> one increment each
 */
static inline vu bucket_of(vd y)
{
    const vd magic = vd_set(0x1.8p52);
    vd shifted = vd_add(y, magic); /* low bits: y rounded to an integer, in two's complement */
    vd magnitude = vd_of(vu_and(vu_of(y), vu_set(0x7FFFFFFFFFFFFFFFu)));
    vm integer = vm_and(vd_eq(vd_sub(shifted, magic), y), vd_le(magnitude, vd_set(TM_HISTOGRAM_LIMIT)));
    vu exact = vu_add(vu_sub(vu_of(shifted), vu_of(magic)), vu_set(TM_HISTOGRAM_INTEGERS + TM_HISTOGRAM_LIMIT));
    return vu_select(integer, exact, vu_srl(vu_of(y), 42));
}

static void histogram_add(size_t n, const double *y, uint32_t *histogram)
{
    /* Far enough ahead of the increments: where the index was stored only a few increments ago, processors that guess
     * whether a load overlaps an earlier store with unknown address guess wrong, at ten times the cost (measured, Zen 4). */
    enum { AHEAD = 64 };
    uint64_t bucket[AHEAD];
    size_t j = 0;
    for (; j + AHEAD <= n; j += AHEAD) {
        for (int i = 0; i < AHEAD; i += LANES) {
            vu_store(bucket + i, bucket_of(vd_load(y + j + i)));
        }
        for (int i = 0; i < AHEAD; ++i) {
            ++histogram[bucket[i]];
        }
    }
    for (; j < n; ++j) {
        double one[LANES] = {y[j]};
        vu_store(bucket, bucket_of(vd_load(one)));
        ++histogram[bucket[0]];
    }
}
