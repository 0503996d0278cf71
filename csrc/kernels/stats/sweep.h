/* sweep.h: what a sweep does to a block before and after the model: draw every input, collect every output.
 *
 *   draw:     input i --> columns[i]  (TM_BLOCK,)                      one pass per input, the columns stay in cache
 *   collect:  results[o][low:high] --> moments, histogram, thresholds; with columns[i] --> products
 */
static void sweep_draw(const tm_sweep *sweep, uint64_t block)
{
    for (uint64_t i = 0; i < sweep->input_count; ++i) {
        draw_block(&sweep->inputs[i], sweep->seed, block, sweep->columns + i * TM_BLOCK);
    }
}

static void count_below(size_t n, const double *y, tm_output *output)
{
    for (uint64_t t = 0; t < output->threshold_count; ++t) {
        uint64_t below = 0;
        for (size_t j = 0; j < n; ++j) {
            below += y[j] < output->thresholds[t];
        }
        output->below[t] += below;
    }
}

static void sweep_collect(tm_sweep *sweep, uint64_t block, uint64_t low, uint64_t high)
{
    const uint64_t first = block * TM_BLOCK + low;
    const size_t n = (size_t)(high - low);
    for (uint64_t o = 0; o < sweep->output_count; ++o) {
        const double *y = sweep->results + o * TM_BLOCK + low;
        tm_output *output = &sweep->outputs[o];
        moments_add(n, y, first, &output->moments);
        histogram_add(n, y, output->histogram);
        count_below(n, y, output);
        if (output->products) {
            for (uint64_t i = 0; i < sweep->input_count; ++i) {
                const double *x = sweep->columns + i * TM_BLOCK + low;
                products_add(n, x, sweep->centres[i], y, &output->products[i]);
            }
        }
    }
    if (sweep->input_moments) {
        for (uint64_t i = 0; i < sweep->input_count; ++i) {
            moments_add(n, sweep->columns + i * TM_BLOCK + low, first, &sweep->input_moments[i]);
        }
    }
}
