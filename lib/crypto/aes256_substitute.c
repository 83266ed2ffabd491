/* SPDX-License-Identifier: ISC */
/*
 * The substitution box of AES (FIPS 197, 5.1.1 and 5.3.2) as a circuit over planes: inversion in
 * GF(2^8), then an affine map.
 *
 * GF(2^8) is seen as a tower GF(((2^2)^2)^2), each step with a normal basis {element, conjugate}:
 *   GF(2^2): W = 0xbc, W^2 + W + 1 = 0;      a value is high W^2 + low W
 *   GF(2^4): Z = 0x5c, Z^2 + Z + W = 0;      a value is high Z^4 + low Z
 *   GF(2^8): Y = 0xfe, Y^2 + Y + 0xec = 0;   a value is high Y^16 + low Y
 * These elements were chosen, among all that fit, for the fewest operations in the four linear maps
 * below, each of which is a change of basis with or without the affine map of the standard.
 */
#include "aes256_planes.h"

struct gf4 {
    plane low;
    plane high;
};

struct gf16 {
    struct gf4 low;
    struct gf4 high;
};

static inline struct gf4 gf4_add(struct gf4 left, struct gf4 right)
{
    return (struct gf4){.low = left.low ^ right.low, .high = left.high ^ right.high};
}

/* With W W = W^2, W^2 W^2 = W and W W^2 = 1 = W + W^2. */
static inline struct gf4 gf4_multiply(struct gf4 left, struct gf4 right)
{
    plane both = (left.low ^ left.high) & (right.low ^ right.high);
    return (struct gf4){
        .low = (left.low & right.low) ^ both,
        .high = (left.high & right.high) ^ both,
    };
}

/* Squaring is conjugation, and the inverse of x is x^2. */
static inline struct gf4 gf4_square(struct gf4 value)
{
    return (struct gf4){.low = value.high, .high = value.low};
}

/* Times W. */
static inline struct gf4 gf4_scale(struct gf4 value)
{
    return (struct gf4){.low = value.high, .high = value.low ^ value.high};
}

static inline struct gf16 gf16_add(struct gf16 left, struct gf16 right)
{
    return (struct gf16){
        .low = gf4_add(left.low, right.low), .high = gf4_add(left.high, right.high)};
}

static inline struct gf16 gf16_multiply(struct gf16 left, struct gf16 right)
{
    struct gf4 both =
        gf4_scale(gf4_multiply(gf4_add(left.low, left.high), gf4_add(right.low, right.high)));
    return (struct gf16){
        .low = gf4_add(gf4_multiply(left.low, right.low), both),
        .high = gf4_add(gf4_multiply(left.high, right.high), both),
    };
}

/* With d = W (high + low)^2 + high low in GF(2^2): each half is the other half over d. */
static inline struct gf16 gf16_invert(struct gf16 value)
{
    struct gf4 sum = gf4_scale(gf4_square(gf4_add(value.low, value.high)));
    struct gf4 over = gf4_square(gf4_add(sum, gf4_multiply(value.low, value.high)));
    return (struct gf16){
        .low = gf4_multiply(value.high, over),
        .high = gf4_multiply(value.low, over),
    };
}

/* The square of a value, times 0xec. */
static inline struct gf16 gf16_square_scale(struct gf16 value)
{
    plane shared = value.low.low ^ value.low.high;
    return (struct gf16){
        .low = {.low = shared, .high = value.low.high},
        .high = {.low = value.low.high ^ value.high.high, .high = value.low.low ^ value.high.low},
    };
}

/* The same formula one step up; state[0] is the lowest bit of `low`, state[7] the highest. */
static inline void gf256_invert(plane state[static 8])
{
    struct gf16 low = {.low = {state[0], state[1]}, .high = {state[2], state[3]}};
    struct gf16 high = {.low = {state[4], state[5]}, .high = {state[6], state[7]}};
    struct gf16 sum = gf16_square_scale(gf16_add(low, high));
    struct gf16 over = gf16_invert(gf16_add(sum, gf16_multiply(low, high)));
    struct gf16 new_low = gf16_multiply(high, over);
    struct gf16 new_high = gf16_multiply(low, over);
    state[0] = new_low.low.low;
    state[1] = new_low.low.high;
    state[2] = new_low.high.low;
    state[3] = new_low.high.high;
    state[4] = new_high.low.low;
    state[5] = new_high.low.high;
    state[6] = new_high.high.low;
    state[7] = new_high.high.high;
}

/* Polynomial basis -> tower. */
static inline void map_in(plane x[static 8])
{
    plane sum_06 = x[0] ^ x[6];
    plane sum_056 = x[5] ^ sum_06;
    plane sum_0156 = x[1] ^ sum_056;
    plane sum_13 = x[1] ^ x[3];
    plane out_2 = sum_0156 ^ x[2] ^ x[7];
    plane out_3 = x[4] ^ sum_056;
    plane out_5 = sum_13 ^ x[2] ^ sum_06;
    plane out_6 = x[0] ^ x[4] ^ x[7] ^ sum_13;
    plane out_7 = x[0];
    x[1] = x[7] ^ sum_056;
    x[0] = sum_0156;
    x[2] = out_2;
    x[3] = out_3;
    x[4] = sum_056;
    x[5] = out_5;
    x[6] = out_6;
    x[7] = out_7;
}

/* Tower -> polynomial basis, then the matrix of FIPS 197, 5.1.1. */
static inline void map_out(plane x[static 8])
{
    plane sum_06 = x[0] ^ x[6];
    plane sum_13 = x[1] ^ x[3];
    plane sum_026 = x[2] ^ sum_06;
    plane sum_35 = x[3] ^ x[5];
    plane out_0 = x[4] ^ sum_13;
    plane out_1 = x[4] ^ x[0] ^ x[1];
    plane out_2 = sum_35 ^ x[7] ^ sum_06;
    plane out_6 = x[2] ^ x[6];
    x[0] = out_0;
    x[1] = out_1;
    x[2] = out_2;
    x[3] = sum_13 ^ sum_026;
    x[4] = sum_026;
    x[5] = sum_35;
    x[6] = out_6;
    x[7] = sum_06;
}

/* The inverse of that matrix, then polynomial basis -> tower. */
static inline void map_in_inverse(plane x[static 8])
{
    plane sum_46 = x[4] ^ x[6];
    plane sum_01 = x[0] ^ x[1];
    plane sum_0146 = sum_46 ^ sum_01;
    plane out_1 = sum_01 ^ x[3] ^ x[6];
    plane out_2 = x[4] ^ x[7];
    plane out_4 = x[4] ^ x[0] ^ x[3];
    plane out_5 = x[5] ^ sum_0146;
    plane out_6 = x[7] ^ sum_46;
    x[7] = x[7] ^ x[2] ^ x[5];
    x[0] = sum_46;
    x[1] = out_1;
    x[2] = out_2;
    x[3] = sum_0146;
    x[4] = out_4;
    x[5] = out_5;
    x[6] = out_6;
}

/* Tower -> polynomial basis. */
static inline void map_out_inverse(plane x[static 8])
{
    plane sum_04 = x[0] ^ x[4];
    plane sum_36 = x[3] ^ x[6];
    plane sum_014 = x[1] ^ sum_04;
    plane sum_25 = x[2] ^ x[5];
    plane sum_367 = x[7] ^ sum_36;
    plane out_2 = x[2] ^ sum_014;
    plane out_4 = x[3] ^ x[4];
    plane out_5 = sum_367 ^ x[0] ^ sum_25;
    plane out_7 = x[1] ^ x[4];
    x[0] = x[7];
    x[1] = sum_04;
    x[2] = out_2;
    x[3] = sum_014 ^ sum_367;
    x[4] = out_4;
    x[5] = out_5;
    x[6] = sum_25 ^ sum_04 ^ sum_36;
    x[7] = out_7;
}

void aes_planes_substitute(plane state[static 8])
{
    map_in(state);
    gf256_invert(state);
    map_out(state);
}

void aes_planes_substitute_inverse(plane state[static 8])
{
    map_in_inverse(state);
    gf256_invert(state);
    map_out_inverse(state);
}
