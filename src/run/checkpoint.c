#include "run/checkpoint.h"

#include "base/alloc.h"
#include "base/gzip.h"
#include "nn/net_state.h"

#include <string.h>

#define MAGIC "ipl-ckpt"

enum {
    VERSION = 1,
    ORDER = 0x01020304,
    MAGIC_LEN = sizeof MAGIC - 1,
    CRC_BYTES = sizeof(uint32_t),
    WHOLE = 1, /* bits of head.whole */
    UNMEASURED = 2,
    TEXT_ROOM = 1 << 22, /* for the texts of a file */
    SHOWN_MAX = 120      /* characters of a line in a message */
};

/* The part of fixed size. */
typedef struct head {
    char magic[MAGIC_LEN];
    uint32_t order, version;
    uint64_t length, whole;
    ipl_position at;
    uint64_t marks[IPL_CHECKPOINT_MARKS][2];
} head;

_Static_assert(sizeof(ipl_position) % 8 == 0 && sizeof(double) == 8,
               "a position has no gaps");
_Static_assert(sizeof(head) ==
                   MAGIC_LEN + 24 + sizeof(ipl_position) + sizeof(((head *)0)->marks),
               "the head has no gaps");

/* ---- writing ---- */

static void texts_of(const char *texts[IPL_CHECKPOINT_TEXTS], const ipl_checkpoint *c)
{
    texts[0] = c->experiment;
    texts[1] = c->data;
    texts[2] = c->build;
    texts[3] = c->segments;
}

static head head_of(const ipl_checkpoint *c, size_t state_size)
{
    const char *texts[IPL_CHECKPOINT_TEXTS];
    head h = {
        .order = ORDER, .version = VERSION, .whole = c->whole ? WHOLE : 0, .at = c->at};

    memcpy(h.magic, MAGIC, MAGIC_LEN);
    h.whole |= c->unmeasured ? UNMEASURED : 0;
    texts_of(texts, c);
    h.length = sizeof h + sizeof(uint64_t) + state_size + CRC_BYTES;
    for (size_t k = 0; k < IPL_CHECKPOINT_TEXTS; k++)
        h.length += sizeof(uint64_t) + strlen(texts[k]) + 1;
    for (size_t k = 0; k < IPL_CHECKPOINT_MARKS; k++) {
        h.marks[k][0] = c->marks[k].length;
        h.marks[k][1] = c->marks[k].crc;
    }
    return h;
}

static ipl_status add_text(ipl_file_writer *w, const char *text, ipl_error *err)
{
    const uint64_t len = strlen(text);
    const ipl_status st = ipl_file_writer_add(w, &len, sizeof len, err);

    return st == IPL_OK ? ipl_file_writer_add(w, text, len + 1, err) : st;
}

static ipl_status add_array(void *context, void *array, size_t bytes, ipl_error *err)
{
    return ipl_file_writer_add(context, array, bytes, err);
}

static ipl_status add_all(ipl_file_writer *w, const ipl_checkpoint *c, ipl_net *net,
                          unsigned parts, ipl_error *err)
{
    const uint64_t size = c->state ? c->state_size : ipl_net_state_size(net, parts);
    const head h = head_of(c, size);
    const char *texts[IPL_CHECKPOINT_TEXTS];
    uint32_t crc;
    ipl_status st = ipl_file_writer_add(w, &h, sizeof h, err);

    texts_of(texts, c);
    for (size_t k = 0; k < IPL_CHECKPOINT_TEXTS && st == IPL_OK; k++)
        st = add_text(w, texts[k], err);
    if (st == IPL_OK)
        st = ipl_file_writer_add(w, &size, sizeof size, err);
    if (st == IPL_OK && c->state)
        st = ipl_file_writer_add(w, c->state, c->state_size, err);
    else if (st == IPL_OK)
        st = ipl_net_visit(net, parts, add_array, w, err);
    crc = w->mark.crc;
    return st == IPL_OK ? ipl_file_writer_add(w, &crc, sizeof crc, err) : st;
}

ipl_status ipl_checkpoint_write(const char *path, const char *backup,
                                const ipl_checkpoint *c, ipl_net *net, unsigned parts,
                                ipl_error *err)
{
    ipl_file_writer w;
    ipl_status st = ipl_file_writer_open(&w, path, err);

    if (st == IPL_OK)
        st = add_all(&w, c, net, parts, err);
    return ipl_file_writer_close(&w, backup, st, err);
}

/* ---- reading ---- */

static ipl_status check_head(const head *h, const char *path, ipl_error *err)
{
    if (memcmp(h->magic, MAGIC, MAGIC_LEN) != 0)
        return ipl_fail(err, IPL_E_FORMAT, "%s: not a checkpoint", path);
    if (h->order != ORDER)
        return ipl_fail(err, IPL_E_FORMAT, "%s: written on a machine of another byte order",
                        path);
    if (h->version != VERSION)
        return ipl_fail(err, IPL_E_FORMAT, "%s: a checkpoint of version %u, want %d", path,
                        (unsigned)h->version, VERSION);
    return IPL_OK;
}

/* Whether the bytes are those that were written. */
static ipl_status check_bytes(head *h, const char *bytes, size_t len, const char *path,
                              ipl_error *err)
{
    uint32_t crc;
    ipl_status st;

    if (len < sizeof *h + CRC_BYTES)
        return ipl_fail(err, IPL_E_FORMAT, "%s: cut off after %zu bytes", path, len);
    memcpy(h, bytes, sizeof *h);
    st = check_head(h, path, err);
    if (st != IPL_OK)
        return st;
    if (h->length != len)
        return ipl_fail(err, IPL_E_FORMAT, "%s: %zu bytes, want %llu", path, len,
                        (unsigned long long)h->length);
    memcpy(&crc, bytes + len - CRC_BYTES, CRC_BYTES);
    if (crc != ipl_crc32(0, bytes, len - CRC_BYTES))
        return ipl_fail(err, IPL_E_FORMAT, "%s: damaged (CRC-32)", path);
    return IPL_OK;
}

/* Step over a length and that many bytes; NULL when they do not fit in. */
static const char *take(const char *bytes, size_t *at, size_t end, size_t *len)
{
    uint64_t size;
    const char *start;

    if (end - *at < sizeof size)
        return NULL;
    memcpy(&size, bytes + *at, sizeof size);
    *at += sizeof size;
    if (size > end - *at)
        return NULL;
    start = bytes + *at;
    *at += (size_t)size;
    *len = (size_t)size;
    return start;
}

static ipl_status parse(ipl_checkpoint *c, const head *h, const char *path, ipl_error *err)
{
    const char **texts[] = {&c->experiment, &c->data, &c->build, &c->segments};
    const size_t end = (size_t)h->length - CRC_BYTES;
    size_t at = sizeof *h, len;

    for (size_t k = 0; k < IPL_CHECKPOINT_TEXTS; k++) {
        *texts[k] = take(c->bytes, &at, end, &len);
        if (!*texts[k] || at == end || memchr(*texts[k], '\0', len + 1) != *texts[k] + len)
            return ipl_fail(err, IPL_E_FORMAT, "%s: text %zu is not whole", path, k + 1);
        at++; /* its NUL */
    }
    c->state = take(c->bytes, &at, end, &c->state_size);
    if (!c->state || at != end)
        return ipl_fail(err, IPL_E_FORMAT, "%s: the state of the net is not whole", path);
    c->whole = h->whole & WHOLE;
    c->unmeasured = h->whole & UNMEASURED;
    c->at = h->at;
    for (size_t k = 0; k < IPL_CHECKPOINT_MARKS; k++)
        c->marks[k] = (ipl_file_mark){h->marks[k][0], (uint32_t)h->marks[k][1]};
    return IPL_OK;
}

ipl_status ipl_checkpoint_read(ipl_checkpoint *out, const char *path, size_t limit,
                               ipl_error *err)
{
    ipl_checkpoint c = {0};
    head h;
    size_t len;
    ipl_status st = ipl_file_read(&c.bytes, &len, path, limit, err);

    *out = (ipl_checkpoint){0};
    if (st == IPL_OK)
        st = check_bytes(&h, c.bytes, len, path, err);
    if (st == IPL_OK)
        st = parse(&c, &h, path, err);
    if (st == IPL_OK)
        *out = c;
    else
        ipl_checkpoint_release(&c);
    return st;
}

ipl_status ipl_checkpoint_peek(ipl_position *out, const char *path, ipl_error *err)
{
    char bytes[sizeof(head)];
    head h;
    ipl_status st = ipl_file_read_head(bytes, sizeof bytes, path, err);

    if (st != IPL_OK)
        return st;
    memcpy(&h, bytes, sizeof h);
    st = check_head(&h, path, err);
    *out = h.at;
    return st;
}

void ipl_checkpoint_release(ipl_checkpoint *c)
{
    ipl_free(c->bytes);
    *c = (ipl_checkpoint){0};
}

/* The line of a text around a place, cut to what fits in a message. */
static int line_at(const char **start, const char *text, size_t at)
{
    size_t len;

    while (at > 0 && text[at - 1] != '\n')
        at--;
    *start = text + at;
    len = strcspn(*start, "\n");
    return (int)(len < SHOWN_MAX ? len : SHOWN_MAX);
}

ipl_status ipl_checkpoint_fits(const ipl_checkpoint *c, const char *path,
                               const ipl_experiment *exp, ipl_error *err)
{
    ipl_text now = {0};
    const char *old_line, *new_line;
    size_t i = 0;
    int old_len, new_len;
    ipl_status st;

    ipl_experiment_print_result(&now, exp);
    st = ipl_text_status(&now, err);
    if (st == IPL_OK && strcmp(now.s, c->experiment) != 0) {
        while (now.s[i] == c->experiment[i])
            i++;
        old_len = line_at(&old_line, c->experiment, i);
        new_len = line_at(&new_line, now.s, i);
        st = ipl_fail(
            err, IPL_E_FORMAT,
            "%s: made with '%.*s', not with '%.*s'; repeat that, or give --force to "
            "start anew",
            path, old_len, old_line, new_len, new_line);
    }
    ipl_text_release(&now);
    return st;
}

size_t ipl_checkpoint_limit(ipl_net *net)
{
    const unsigned all = IPL_NET_LEARNED | IPL_NET_OPTIMISER | IPL_NET_FOLLOWED;

    return ipl_net_state_size(net, all) + TEXT_ROOM;
}

ipl_status ipl_checkpoint_path(char *out, const char *run, const char *name, ipl_error *err)
{
    char folder[IPL_PATH_MAX];
    const ipl_status st = ipl_path_join(folder, run, IPL_CHECKPOINT_FOLDER, err);

    return st == IPL_OK ? ipl_path_join(out, folder, name, err) : st;
}
