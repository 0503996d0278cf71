/* network.h: sorting networks, the same comparisons whatever the values, so that a tile of tokens is sorted in lanes.
 *
 * Batcher's odd-even merge sort (1968; Knuth, The Art of Computer Programming 3, 5.3.4): for p = 1, 2, 4 ... blocks of 2 p are
 * merged by steps q = p, p / 2 ... 1. Up to IN_REGISTERS values the steps are unrolled (sort.h); above, pairs are listed when
 * a size is first needed. A list of any length is filled up to the next size with -inf.
 */
#define IN_REGISTERS 32
#define LISTED 4
#define PAIR_COUNT 3500              /* of all listed sizes together, rounded up */

static const uint8_t LISTED_SIZES[LISTED] = {48, 64, 96, 128};

typedef struct networks {
    uint8_t pair[PAIR_COUNT][2];     /* the lower index keeps the larger value */
    uint16_t start[LISTED];
    uint16_t count[LISTED];          /* 0: not listed yet */
    uint16_t used;
} networks;

/* Whether the step q of the merge of blocks of 2 p compares i with i + q. */
static inline int compared(int i, int p, int q)
{
    return q == p ? !(i & q) : (i & q) && (i & (2 * p - 1)) + q < 2 * p;
}

/* the smallest size of a network for n values */
static inline int network_size(int n)
{
    int size = 8;
    for (; size < IN_REGISTERS && size < n; size *= 2) {
    }
    for (int i = 0; i < LISTED && size < n; ++i) {
        size = LISTED_SIZES[i];
    }
    return size;
}

/* Lists the pairs of a size above IN_REGISTERS, and returns its place. */
static int listed_network(networks *networks, int size)
{
    int place = 0;
    while (LISTED_SIZES[place] < size) {
        ++place;
    }
    if (networks->count[place]) {
        return place;
    }
    uint16_t used = networks->used;
    networks->start[place] = used;
    for (int p = 1; p < size; p *= 2) {
        for (int q = p; q; q /= 2) {
            for (int i = 0; i + q < size; ++i) {
                if (compared(i, p, q)) {
                    networks->pair[used][0] = (uint8_t)i;
                    networks->pair[used][1] = (uint8_t)(i + q);
                    ++used;
                }
            }
        }
    }
    networks->count[place] = (uint16_t)(used - networks->start[place]);
    networks->used = used;
    return place;
}
