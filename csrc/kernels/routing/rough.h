/* rough.h: what stands for a score where experts are ranked: a polynomial that is never further from it than is known here.
 *
 * Minimax polynomials, the highest term first. A rank is a rough score and a bias; what lies within twice its error of a
 * floor is looked at again with the score itself, so that no result depends on it.
 */
#define ROWS_BIAS 1024.0f            /* the largest bias that is added to a rough score */
#define BIAS_ROUNDING 0x1p-21f       /* of 1 + |bias|: what its rounding adds to the error, and that of sums of two */

/* The sigmoid to SIGMOID_ERROR everywhere: 1/2 + x p(|x|), x held within the bound. NaN counts as -inf. */
#define SIGMOID_ERROR 2.25e-4f
#define SIGMOID_BOUND 7.75f
static const float SIGMOID_TERMS[7] = {-0x1.fd77cp-19f, 0x1.0a75b2p-13f, -0x1.bfc846p-10f, 0x1.76bd12p-7f,
                                       -0x1.235ffep-5f, 0x1.0148bep-7f,  0x1.fddbb4p-3f};

/* The root of softplus to ROUGH_ERROR on [-5, 8], and rising everywhere. */
#define ROUGH_ERROR 0.0132f
#define ROUGH_BELOW 0.083f           /* the root of softplus is less below -5 */
#define ROUGH_ABOVE 2.81f            /* what comes near it is more above 8 */
static const float ROUGH_TERMS[6] = {0x1.08e91ap-15f, -0x1.114944p-13f, -0x1.d8d92p-9f,
                                     0x1.0ff992p-6f,  0x1.24b418p-2f,   0x1.ad2f24p-1f};

/* Ranks of FOUR vectors: rough scores, the sigmoid or the root of softplus, and the biases, those of the sigmoid with 1/2
 * added. `score` is a constant to the compiler. */
INLINED void rough_ranks(int32_t score, const float *z, const float *bias, vf *x)
{
    vf sum[FOUR], size[FOUR];
    if (score == TM_SCORE_SIGMOID) {
        EACH_OF_FOUR { x[i] = vf_max(vf_load(z + i * RLANES), vf_set(-SIGMOID_BOUND)); }
        EACH_OF_FOUR { x[i] = vf_min(x[i], vf_set(SIGMOID_BOUND)); }
        EACH_OF_FOUR { size[i] = vf_abs(x[i]); }
        EACH_OF_FOUR { sum[i] = vf_set(SIGMOID_TERMS[0]); }
        _Pragma("GCC unroll 6") for (int term = 1; term < 7; ++term)
        {
            EACH_OF_FOUR { sum[i] = vf_fma(sum[i], size[i], vf_set(SIGMOID_TERMS[term])); }
        }
        EACH_OF_FOUR { x[i] = vf_fma(sum[i], x[i], vf_load(bias + i * RLANES)); }
        return;
    }
    EACH_OF_FOUR { x[i] = vf_load(z + i * RLANES); }
    EACH_OF_FOUR { sum[i] = vf_set(ROUGH_TERMS[0]); }
    _Pragma("GCC unroll 5") for (int term = 1; term < 6; ++term)
    {
        EACH_OF_FOUR { sum[i] = vf_fma(sum[i], x[i], vf_set(ROUGH_TERMS[term])); }
    }
    EACH_OF_FOUR { x[i] = vf_add(sum[i], vf_load(bias + i * RLANES)); }
}
