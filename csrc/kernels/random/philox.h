/* philox.h: Philox4x32-10 (Salmon et al., SC'11) and the uniforms of a scenario block.
 *
 *   round:   lo0,hi0 = M0*c0; lo1,hi1 = M1*c2; c = (hi1^c1^k0, lo1, hi0^c3^k1, lo0); the key grows by (W0, W1) between rounds
 *   uniform: u = (2k + 1) * 2^-53 with k the top 52 bits of a 64-bit draw: never 0, 1/2 or 1, and 1-u is on the same grid
 *
 * Contract: a uniform is a pure function of (seed, stream, scenario). Counter = (k low, k high, stream, purpose) with
 * k = 512*block + j%512, key = seed. Words 0,1 make the draw of scenario j < 512 of the block, words 2,3 that of j + 512.
 * No state, no allocation, O(1) per draw.
 *
 *   counters  k      k+1    k+2  ...          lanes hold the same word of consecutive counters, in the low
 *   word 0,1  u[0]   u[1]   u[2] ... u[511]   halves of 64-bit lanes; high halves are garbage that the
 *   word 2,3  u[512] u[513] ...      u[1023]  32-bit multiply never reads: both stores are contiguous.
 */
#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u
#define PHILOX_W1 0xBB67AE85u
#define PHILOX_ROUNDS 10

/* Independent counters computed side by side: hides the latency of the multiply. */
#define PHILOX_GROUPS (LANES == 1 ? 1 : 4)

static void philox4x32(size_t n, const uint32_t *counter, const uint32_t *key, uint32_t *out)
{
    for (size_t i = 0; i < n; ++i, counter += 4, key += 2, out += 4) {
        uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
        uint32_t k0 = key[0], k1 = key[1];
        for (int round = 0; round < PHILOX_ROUNDS; ++round) {
            uint64_t p0 = (uint64_t)PHILOX_M0 * c0, p1 = (uint64_t)PHILOX_M1 * c2;
            c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
            c1 = (uint32_t)p1;
            c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
            c3 = (uint32_t)p0;
            k0 += PHILOX_W0;
            k1 += PHILOX_W1;
        }
        out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
    }
}

static inline vd uniform_of(vu low_word, vu high_word)
{
    vu draw = vu_or(vu_and(low_word, vu_set(0xFFFFFFFFu)), vu_sll(high_word, 32));
    vu one_to_two = vu_or(vu_srl(draw, 12), vu_set(0x3FF0000000000000u));
    return vd_sub(vd_of(one_to_two), vd_set(0x1.fffffffffffffp-1));
}

/* u (TM_BLOCK,) = the uniforms of a block */
static void uniform_block(uint64_t seed, uint32_t stream, uint64_t block, double *u)
{
    const vu m0 = vu_set(PHILOX_M0), m1 = vu_set(PHILOX_M1);
    vu key0[PHILOX_ROUNDS], key1[PHILOX_ROUNDS];
    for (int round = 0; round < PHILOX_ROUNDS; ++round) {
        key0[round] = vu_set((uint32_t)seed + (uint32_t)round * PHILOX_W0);
        key1[round] = vu_set((uint32_t)(seed >> 32) + (uint32_t)round * PHILOX_W1);
    }
    const uint64_t first = block * (TM_BLOCK / 2);
    /* counter word 1 is the same for the whole block: 512 divides 2^32 */
    const vu word1 = vu_set(first >> 32);
    for (int j = 0; j < TM_BLOCK / 2; j += LANES * PHILOX_GROUPS) {
        vu c0[PHILOX_GROUPS], c1[PHILOX_GROUPS], c2[PHILOX_GROUPS], c3[PHILOX_GROUPS];
        for (int g = 0; g < PHILOX_GROUPS; ++g) {
            c0[g] = vu_add(vu_set((uint32_t)first + (uint32_t)(j + g * LANES)), vu_iota());
            c1[g] = word1;
            c2[g] = vu_set(stream);
            c3[g] = vu_set(0);
        }
#pragma GCC unroll 10
        for (int round = 0; round < PHILOX_ROUNDS; ++round) {
#pragma GCC unroll 4
            for (int g = 0; g < PHILOX_GROUPS; ++g) {
                vu p0 = vu_mul32(c0[g], m0), p1 = vu_mul32(c2[g], m1);
                c0[g] = vu_xor3(vu_srl(p1, 32), c1[g], key0[round]);
                c1[g] = p1;
                c2[g] = vu_xor3(vu_srl(p0, 32), c3[g], key1[round]);
                c3[g] = p0;
            }
        }
#pragma GCC unroll 4
        for (int g = 0; g < PHILOX_GROUPS; ++g) {
            vd_store(u + j + g * LANES, uniform_of(c0[g], c1[g]));
            vd_store(u + TM_BLOCK / 2 + j + g * LANES, uniform_of(c2[g], c3[g]));
        }
    }
}
