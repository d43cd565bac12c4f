/*
 * Text to layers. The short form, "784-20-10", is turned into the long form, words that name
 * rows of the layer table, and read as such.
 */
#include "base/alloc.h"
#include "nn/net_parts.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 256 };

static const char blanks[] = " \t\r\n";

static bool is_short(const char *text)
{
    return *text >= '0' && *text <= '9' && text[strspn(text, "0123456789-")] == '\0';
}

/* The activations among the layers, for a message that names them. */
static const ipl_row *activation_row(size_t i)
{
    for (size_t k = 0; ipl_layer_table[k]; k++)
        if (ipl_layer_table[k]->value && i-- == 0)
            return ipl_layer_row(k);
    return NULL;
}

/* The activation between layers must be one. */
static ipl_status check_activation(const char *activation, ipl_error *err)
{
    ipl_spec spec = {0};
    ipl_status st;

    if (!activation || *activation == '\0')
        return ipl_fail(err, IPL_E_FORMAT,
                        "activation: none given, the net's text needs one");
    st = ipl_spec_create(&spec, "activation", activation_row, activation, err);
    ipl_spec_release(&spec);
    return st;
}

/* One number of the short form, len characters at `word`. */
static ipl_status read_units(size_t *units, const char *word, size_t len, const char *text,
                             ipl_error *err)
{
    char digits[24] = "";
    uint64_t n = 0;

    if (len == 0)
        return ipl_fail(err, IPL_E_FORMAT, "net '%.60s': a number is missing", text);
    if (len < sizeof digits) {
        memcpy(digits, word, len);
        if (!ipl_count_parse(&n, digits))
            n = 0;
    }
    if (n < 1 || n > IPL_NET_MAX_UNITS)
        return ipl_fail(err, IPL_E_FORMAT,
                        "net '%.60s': layer of %.*s units, want 1 ... %d", text,
                        (int)(len < 24 ? len : 24), word, IPL_NET_MAX_UNITS);
    *units = (size_t)n;
    return IPL_OK;
}

/* The first number of the short form says what a sample has. */
static ipl_status check_input(size_t units, ipl_shape in, const char *text, ipl_error *err)
{
    if (units == ipl_shape_size(in))
        return IPL_OK;
    return ipl_fail(err, IPL_E_SHAPE,
                    "net '%.60s' starts with %zu, a sample has %zu numbers (%zux%zux%zu)",
                    text, units, ipl_shape_size(in), in.c, in.h, in.w);
}

/* Write the words that the short form stands for. */
static ipl_status expand(ipl_text *words, const ipl_net_opts *opts, ipl_error *err)
{
    const char *at = opts->text;
    ipl_status st;

    for (size_t i = 0;; i++) {
        const size_t len = strcspn(at, "-");
        size_t units = 0;

        if (i > IPL_NET_MAX_LAYERS)
            return ipl_fail(err, IPL_E_FORMAT, "net '%.60s...': more than %d layers",
                            opts->text, IPL_NET_MAX_LAYERS);
        st = read_units(&units, at, len, opts->text, err);
        if (st == IPL_OK && i == 0)
            st = check_input(units, opts->input, opts->text, err);
        if (st == IPL_OK && i == 2)
            st = check_activation(opts->activation, err);
        if (st != IPL_OK)
            return st;
        if (i > 1)
            ipl_text_add(words, "%s ", opts->activation);
        if (i > 0)
            ipl_text_add(words, "dense:units=%zu ", units);
        at += len;
        if (*at++ == '\0')
            return ipl_text_status(words, err);
    }
}

static size_t count_words(const char *text)
{
    size_t n = 0;

    for (text += strspn(text, blanks); *text != '\0'; text += strspn(text, blanks)) {
        text += strcspn(text, blanks);
        n++;
    }
    return n;
}

/* One word to one layer, which only has its options then. */
static ipl_status read_layer(net_layer *layer, const char *word, size_t len, size_t number,
                             ipl_error *err)
{
    char copy[WORD_MAX];
    ipl_error why = {0};
    ipl_status st = ipl_text_copy(copy, sizeof copy, word, len, "word", &why);

    if (st == IPL_OK)
        st = ipl_spec_create(&layer->spec, "layer", ipl_layer_row, copy, &why);
    if (st != IPL_OK)
        return ipl_fail(err, st, "net, word %zu: %s", number, why.msg);
    layer->ops = ipl_layer_table[layer->spec.index];
    ipl_spec_print(&layer->text, &layer->spec);
    return ipl_text_status(&layer->text, err);
}

static ipl_status read_layers(ipl_net *net, const char *text, ipl_error *err)
{
    const size_t n = count_words(text);
    ipl_status st;

    if (n == 0)
        return ipl_fail(err, IPL_E_FORMAT, "net: no layers");
    if (n > IPL_NET_MAX_LAYERS)
        return ipl_fail(err, IPL_E_FORMAT, "net: %zu layers, at most %d", n,
                        IPL_NET_MAX_LAYERS);
    net->layers = ipl_array(n, 1, sizeof *net->layers, err);
    if (!net->layers)
        return IPL_E_NOMEM;
    net->n_layers = n;
    for (size_t i = 0; i < n; i++) {
        size_t len;

        text += strspn(text, blanks);
        len = strcspn(text, blanks);
        st = read_layer(&net->layers[i], text, len, i + 1, err);
        if (st != IPL_OK)
            return st;
        text += len;
        ipl_text_add(&net->text, "%s%s", i ? " " : "", net->layers[i].text.s);
    }
    return ipl_text_status(&net->text, err);
}

ipl_status ipl_net_read_text(ipl_net *net, const ipl_net_opts *opts, ipl_error *err)
{
    ipl_text words = {0};
    ipl_status st = IPL_OK;

    if (is_short(opts->text))
        st = expand(&words, opts, err);
    if (st == IPL_OK)
        st = read_layers(net, is_short(opts->text) ? (words.s ? words.s : "") : opts->text,
                         err);
    ipl_text_release(&words);
    return st;
}

/* First layer behind the block that begins at i. */
static size_t block_end(const ipl_net *net, size_t i)
{
    for (i++; i < net->n_layers && !net->layers[i].ops->tag; i++)
        continue;
    return i;
}

/* "fc2", numbered by how many blocks with the tag came before; "logits" for the last dense. */
static void name_block(char *out, const ipl_net *net, size_t first, size_t end)
{
    const char *tag = net->layers[first].ops->tag;
    size_t number = 1;

    for (size_t i = 0; tag && i < first; i++)
        if (net->layers[i].ops->tag && strcmp(net->layers[i].ops->tag, tag) == 0)
            number++;
    if (!tag)
        (void)snprintf(out, IPL_NET_NAME, "input");
    else if (net->loss_ops->logits && end == net->n_layers && end - first == 1)
        (void)snprintf(out, IPL_NET_NAME, "logits");
    else
        (void)snprintf(out, IPL_NET_NAME, "%s%zu", tag, number);
}

/* "fc1.tanh", or "fc1.tanh2" for the second tanh of a block. */
static void name_inner(char *out, const ipl_net *net, const char *block, size_t first,
                       size_t i)
{
    const char *kind = net->layers[i].info.kind;
    size_t number = 1;
    int len;

    for (size_t j = first; j < i; j++)
        number += strcmp(net->layers[j].info.kind, kind) == 0;
    len = snprintf(out, IPL_NET_NAME, "%.20s.%.24s", block, kind);
    if (number > 1)
        (void)snprintf(out + len, (size_t)(IPL_NET_NAME - len), "%zu", number);
}

/* Whether the block of layers first ... end - 1 is measured by default: what a residual block
 * holds is not, its sum is. */
static bool is_measured(const ipl_net *net, size_t first, size_t end)
{
    const net_layer *l = &net->layers[first];

    return end == net->n_layers || (!l->ops->unmeasured && !l->branch);
}

void ipl_net_name_layers(ipl_net *net)
{
    for (size_t first = 0, end; first < net->n_layers; first = end) {
        char block[IPL_NET_NAME];

        end = block_end(net, first);
        name_block(block, net, first, end);
        for (size_t i = first; i < end; i++) {
            net_layer *l = &net->layers[i];

            if (i + 1 < end)
                name_inner(l->name, net, block, first, i);
            else
                memcpy(l->name, block, sizeof block);
            l->info.name = l->name;
            l->info.measured = i + 1 == end && is_measured(net, first, end);
        }
    }
}

/* The layer that a word of ipl_net_measure() names, n_layers when there is none. */
static size_t find_layer(const ipl_net *net, const char *word)
{
    uint64_t number;

    for (size_t i = 0; i < net->n_layers; i++)
        if (strcmp(net->layers[i].name, word) == 0)
            return i;
    if (ipl_count_parse(&number, word) && number < net->n_layers)
        return (size_t)number;
    return net->n_layers;
}

static ipl_status no_such_layer(const ipl_net *net, const char *word, ipl_error *err)
{
    ipl_text names = {0};
    ipl_status st;

    for (size_t i = 0; i < net->n_layers; i++)
        ipl_text_add(&names, "%s%s", i ? ", " : "", net->layers[i].name);
    st = ipl_fail(err, IPL_E_FORMAT, "no layer '%.40s'; there are %s", word,
                  names.s ? names.s : "others");
    ipl_text_release(&names);
    return st;
}

ipl_status ipl_net_measure(ipl_net *net, const char *text, ipl_error *err)
{
    const bool all = text && strcmp(text, "all") == 0;
    bool chosen[IPL_NET_MAX_LAYERS] = {false};

    if (!net || !text)
        return ipl_fail(err, IPL_E_ARG, "%s is NULL", net ? "the text" : "the net");
    if (*text == '\0' || strcmp(text, "default") == 0) {
        ipl_net_name_layers(net);
        return IPL_OK;
    }
    while (!all) {
        const size_t len = strcspn(text, ",");
        char word[IPL_NET_NAME];
        const ipl_status st = ipl_text_copy(word, sizeof word, text, len, "layer", err);
        size_t i;

        if (st != IPL_OK)
            return st;
        i = find_layer(net, word);
        if (i == net->n_layers)
            return no_such_layer(net, word, err);
        chosen[i] = true;
        text += len;
        if (*text++ == '\0')
            break;
    }
    for (size_t i = 0; i < net->n_layers; i++)
        net->layers[i].info.measured = all || chosen[i];
    return IPL_OK;
}
