/* SPDX-License-Identifier: ISC */
/*
 * Points of the twisted Edwards curve -x^2 + y^2 = 1 + d x^2 y^2 over 2^255 - 19 (RFC 8032, 5.1).
 * The addition and doubling formulas are those of RFC 8032, 5.1.4.
 */
#include "curve.h"

#include <lib/base/base.h>
#include <lib/crypto/crypto.h>

#include <string.h>

static const struct field curve_d = {
    .limbs = {0x34dca135978a3, 0x1a8283b156ebd, 0x5e7a26001c029, 0x739c663a03cbb, 0x52036cee2b6ff}};

static const struct field curve_2d = {
    .limbs = {0x69b9426b2f159, 0x35050762add7a, 0x3cf44c0038052, 0x6738cc7407977, 0x2406d9dc56dff}};

static const struct field root_of_minus_one = {
    .limbs = {0x61b274a0ea0b0, 0x0d5a5fc8f189d, 0x7ef5e9cbd0c60, 0x78595a6804c9e, 0x2b8324804fc1d}};

const struct point curve_base = {
    .x = {{0x62d608f25d51a, 0x412a4b4f6592a, 0x75b7171a4b31d, 0x1ff60527118fe, 0x216936d3cd6e5}},
    .y = {{0x6666666666658, 0x4cccccccccccc, 0x1999999999999, 0x3333333333333, 0x6666666666666}},
    .z = {{1}},
    .t = {{0x68ab3a5b7dda3, 0x00eea2a5eadbb, 0x2af8df483c27e, 0x332b375274732, 0x67875f0fd78b7}},
};

static enum status x_recover(const struct field *y, bool odd, struct field *x_out);

struct point point_identity(void)
{
    return (struct point){.y = field_one, .z = field_one};
}

void point_add(struct point *target, const struct point *addend)
{
    struct field left = field_subtract(&target->y, &target->x);
    struct field right = field_subtract(&addend->y, &addend->x);
    struct field a = field_multiply(&left, &right);
    left = field_add(&target->y, &target->x);
    right = field_add(&addend->y, &addend->x);
    struct field b = field_multiply(&left, &right);
    struct field c = field_multiply(&target->t, &curve_2d);
    c = field_multiply(&c, &addend->t);
    struct field d = field_multiply(&target->z, &addend->z);
    d = field_add(&d, &d);
    struct field e = field_subtract(&b, &a);
    struct field f = field_subtract(&d, &c);
    struct field g = field_add(&d, &c);
    struct field h = field_add(&b, &a);
    target->x = field_multiply(&e, &f);
    target->y = field_multiply(&g, &h);
    target->t = field_multiply(&e, &h);
    target->z = field_multiply(&f, &g);
}

void point_double(struct point *target)
{
    struct field a = field_square(&target->x);
    struct field b = field_square(&target->y);
    struct field c = field_square(&target->z);
    c = field_add(&c, &c);
    struct field h = field_add(&a, &b);
    struct field sum = field_add(&target->x, &target->y);
    sum = field_square(&sum);
    struct field e = field_subtract(&h, &sum);
    struct field g = field_subtract(&a, &b);
    struct field f = field_add(&c, &g);
    target->x = field_multiply(&e, &f);
    target->y = field_multiply(&g, &h);
    target->t = field_multiply(&e, &h);
    target->z = field_multiply(&f, &g);
}

struct point point_negate(const struct point *value)
{
    struct point negative = *value;
    negative.x = field_negate(&value->x);
    negative.t = field_negate(&value->t);
    return negative;
}

bool point_is_identity(const struct point *value)
{
    return field_equal(&value->x, &field_zero) && field_equal(&value->y, &value->z);
}

void point_choose(struct point *target, const struct point *source, uint64_t take)
{
    field_choose(&target->x, &source->x, take);
    field_choose(&target->y, &source->y, take);
    field_choose(&target->z, &source->z, take);
    field_choose(&target->t, &source->t, take);
}

void point_encode(const struct point *value, uint8_t bytes_out[static point_bytes])
{
    struct field inverse = field_invert(&value->z);
    struct field x = field_multiply(&value->x, &inverse);
    struct field y = field_multiply(&value->y, &inverse);
    field_encode(&y, bytes_out);
    bytes_out[point_bytes - 1] |= (uint8_t)(field_is_odd(&x) << 7);
}

enum status point_decode(const uint8_t bytes[static point_bytes], struct point *value_out)
{
    struct point value = {.y = field_decode(bytes), .z = field_one};
    bool odd = (bytes[point_bytes - 1] & 0x80) != 0;
    uint8_t canonical[point_bytes];
    field_encode(&value.y, canonical);
    canonical[point_bytes - 1] |= (uint8_t)(odd << 7);
    if (memcmp(canonical, bytes, point_bytes) != 0) {
        return STATUS_CORRUPT;
    }
    enum status status = x_recover(&value.y, odd, &value.x);
    if (status != STATUS_OK) {
        return status;
    }
    value.t = field_multiply(&value.x, &value.y);
    *value_out = value;
    return STATUS_OK;
}

/* x of given parity with x^2 = u/v, u = y^2 - 1, v = dy^2 + 1 (RFC 8032, 5.1.3). */
static enum status x_recover(const struct field *y, bool odd, struct field *x_out)
{
    struct field square = field_square(y);
    struct field u = field_subtract(&square, &field_one);
    struct field v = field_multiply(&square, &curve_d);
    v = field_add(&v, &field_one);
    /* The candidate is u v^3 (u v^7)^((p - 5) / 8). */
    struct field v3 = field_square(&v);
    v3 = field_multiply(&v3, &v);
    struct field uv7 = field_square(&v3);
    uv7 = field_multiply(&uv7, &v);
    uv7 = field_multiply(&uv7, &u);
    struct field x = field_power_for_root(&uv7);
    x = field_multiply(&x, &v3);
    x = field_multiply(&x, &u);
    struct field check = field_square(&x);
    check = field_multiply(&check, &v);
    if (!field_equal(&check, &u)) {
        struct field minus_u = field_negate(&u);
        if (!field_equal(&check, &minus_u)) {
            return STATUS_CORRUPT;
        }
        x = field_multiply(&x, &root_of_minus_one);
    }
    if (odd && field_equal(&x, &field_zero)) {
        return STATUS_CORRUPT;
    }
    *x_out = field_is_odd(&x) == odd ? x : field_negate(&x);
    return STATUS_OK;
}
