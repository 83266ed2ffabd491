/* SPDX-License-Identifier: ISC */
/*
 * Hashes of names, [ext4 Hash Tree Directories]: the order in which a hash tree keeps the entries
 * of a directory. Names that ignore case are folded before. Three ways of mixing, each with bytes
 * taken as signed or as unsigned numbers, since the format began on machines that did not agree
 * about that.
 */
#include "directory.h"

#include <lib/unicode/unicode.h>

#include "names.h"

/* The greatest value of a hash is the end of a directory to some readers, so no name has it. */
constexpr uint32_t hash_end = 0xffff'fffe;

/* Of a name that ignores case. */
constexpr uint32_t folded_name_bytes_max = ext_name_bytes_max * unicode_fold_growth_max;

static uint32_t usable_hash(uint32_t hash)
{
    hash &= ~ext_hash_continued;
    return hash == hash_end ? hash - 2 : hash;
}

struct bytes_left {
    const char *bytes;
    uint32_t count;
    bool unsigned_bytes;
};

static uint32_t byte_value(const struct bytes_left *left, uint32_t index)
{
    unsigned char byte = (unsigned char)left->bytes[index];
    return left->unsigned_bytes ? byte : (uint32_t)(int32_t)(signed char)byte;
}

static uint32_t rotate_left(uint32_t value, uint32_t count)
{
    return value << count | value >> (32 - count);
}

/* ---- Legacy ---------------------------------------------------------------------------------- */

static struct ext_hash hash_legacy(const struct bytes_left *name)
{
    constexpr uint32_t multiplier = 7'152'373;
    constexpr uint32_t fold = 0x7fff'ffff;
    uint32_t current = 0x12a3'fe2d;
    uint32_t previous = 0x37ab'e8f9;
    for (uint32_t index = 0; index < name->count; index++) {
        uint32_t next = previous + (current ^ byte_value(name, index) * multiplier);
        next = next > fold ? next - fold : next;
        previous = current;
        current = next;
    }
    return (struct ext_hash){.major = current << 1};
}

/* ---- Blocks of words ------------------------------------------------------------------------- */

constexpr uint32_t block_words_max = 8;

/*
 * The next words of a name, four bytes in each, the first one highest. What lies beyond its end is
 * filled with the count of bytes that were left; a word that ends early keeps a part of that.
 */
static void take_words(struct bytes_left *left, uint32_t *words, uint32_t word_count)
{
    uint32_t fill = left->count | left->count << 8;
    fill |= fill << 16;
    uint32_t room = word_count * 4;
    uint32_t taken = left->count < room ? left->count : room;
    for (uint32_t word = 0; word < word_count; word++) {
        words[word] = fill;
        for (uint32_t index = word * 4; index < taken && index < word * 4 + 4; index++) {
            words[word] = byte_value(left, index) + (words[word] << 8);
        }
    }
    left->bytes += taken;
    left->count -= taken;
}

/* The state before the first word: the volume's seed, or constants if that is all zero. */
static void start_state(const uint32_t *seed, uint32_t *state)
{
    static const uint32_t constants[ext_hash_seed_words] = {
        0x6745'2301, 0xefcd'ab89, 0x98ba'dcfe, 0x1032'5476};
    bool seeded = (seed[0] | seed[1] | seed[2] | seed[3]) != 0;
    for (uint32_t word = 0; word < ext_hash_seed_words; word++) {
        state[word] = seeded ? seed[word] : constants[word];
    }
}

/* ---- Half MD4 -------------------------------------------------------------------------------- */

constexpr uint32_t md4_round_count = 3;

static uint32_t md4_choose(uint32_t round, const uint32_t *state)
{
    uint32_t x = state[1];
    uint32_t y = state[2];
    uint32_t z = state[3];
    switch (round) {
    case 0:
        return z ^ (x & (y ^ z));
    case 1:
        return (x & y) + ((x ^ y) & z);
    default:
        return x ^ y ^ z;
    }
}

/* Each step mixes one word into the state, whose words then trade places. */
static void md4_mix(uint32_t *state, const uint32_t *words)
{
    static const uint8_t order[md4_round_count][block_words_max] = {
        {0, 1, 2, 3, 4, 5, 6, 7}, {1, 3, 5, 7, 0, 2, 4, 6}, {3, 7, 2, 6, 1, 5, 0, 4}};
    static const uint8_t turns[md4_round_count][4] = {
        {3, 7, 11, 19}, {3, 5, 9, 13}, {3, 9, 11, 15}};
    static const uint32_t added[md4_round_count] = {0, 0x5a82'7999, 0x6ed9'eba1};
    uint32_t mixed[4] = {state[0], state[1], state[2], state[3]};
    for (uint32_t round = 0; round < md4_round_count; round++) {
        for (uint32_t step = 0; step < block_words_max; step++) {
            uint32_t sum = mixed[0] + md4_choose(round, mixed) + words[order[round][step]];
            uint32_t turned = rotate_left(sum + added[round], turns[round][step % 4]);
            mixed[0] = mixed[3];
            mixed[3] = mixed[2];
            mixed[2] = mixed[1];
            mixed[1] = turned;
        }
    }
    for (uint32_t word = 0; word < 4; word++) {
        state[word] += mixed[word];
    }
}

static struct ext_hash hash_half_md4(struct bytes_left name, uint32_t *state)
{
    uint32_t words[block_words_max];
    while (name.count > 0) {
        take_words(&name, words, block_words_max);
        md4_mix(state, words);
    }
    return (struct ext_hash){.major = state[1], .minor = state[2]};
}

/* ---- TEA ------------------------------------------------------------------------------------- */

constexpr uint32_t tea_words = 4;

static void tea_mix(uint32_t *state, const uint32_t *key)
{
    constexpr uint32_t cycle_count = 16;
    constexpr uint32_t delta = 0x9e37'79b9;
    uint32_t left = state[0];
    uint32_t right = state[1];
    uint32_t sum = 0;
    for (uint32_t cycle = 0; cycle < cycle_count; cycle++) {
        sum += delta;
        left += ((right << 4) + key[0]) ^ (right + sum) ^ ((right >> 5) + key[1]);
        right += ((left << 4) + key[2]) ^ (left + sum) ^ ((left >> 5) + key[3]);
    }
    state[0] += left;
    state[1] += right;
}

static struct ext_hash hash_tea(struct bytes_left name, uint32_t *state)
{
    uint32_t words[tea_words];
    while (name.count > 0) {
        take_words(&name, words, tea_words);
        tea_mix(state, words);
    }
    return (struct ext_hash){.major = state[0], .minor = state[1]};
}

/* ---- All ------------------------------------------------------------------------------------- */

struct ext_hash ext_hash_bytes(
    const uint32_t *seed, enum ext_hash_version version, struct ext_name name)
{
    struct bytes_left left = {
        .bytes = name.bytes,
        .count = name.size_bytes,
        .unsigned_bytes = version >= EXT_HASH_LEGACY_UNSIGNED,
    };
    uint32_t state[ext_hash_seed_words];
    start_state(seed, state);
    struct ext_hash hash;
    switch (version % EXT_HASH_LEGACY_UNSIGNED) {
    case EXT_HASH_LEGACY:
        hash = hash_legacy(&left);
        break;
    case EXT_HASH_HALF_MD4:
        hash = hash_half_md4(left, state);
        break;
    default:
        hash = hash_tea(left, state);
        break;
    }
    hash.major = usable_hash(hash.major);
    return hash;
}

/* A name as it is hashed; what is no UTF-8 is not folded. The result borrows `folded`. */
static struct ext_name fold_name(const struct ext_inode *directory, struct ext_name name,
    uint8_t folded[static folded_name_bytes_max])
{
    size_t folded_bytes;
    if (!ext_ignores_case(directory) || unicode_fold(name.bytes, name.size_bytes, folded,
                                            folded_name_bytes_max, &folded_bytes) != STATUS_OK) {
        return name;
    }
    return (struct ext_name){.bytes = (const char *)folded, .size_bytes = (uint32_t)folded_bytes};
}

static enum status hash_siphash(struct ext_mount *mount, const struct ext_inode *directory,
    struct ext_name name, struct ext_hash *hash_out)
{
    struct ext_policy policy;
    uint8_t key[siphash_key_bytes];
    enum status status = ext_policy_read(mount, directory, &policy);
    if (status == STATUS_OK) {
        status = ext_directory_hash_key(mount, &policy, key);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t hash = siphash_2_4(key, name.bytes, name.size_bytes);
    crypto_wipe(key, sizeof key);
    *hash_out =
        (struct ext_hash){.major = usable_hash((uint32_t)(hash >> 32)), .minor = (uint32_t)hash};
    return STATUS_OK;
}

enum status ext_record_hash(struct ext_mount *mount, const struct ext_inode *directory,
    uint32_t version, const struct ext_record *record, struct ext_hash *hash_out)
{
    struct ext_name name = {.bytes = record->name, .size_bytes = record->name_bytes};
    if (ext_record_hash_bytes(directory) == 0) {
        return ext_name_hash(mount, directory, version, name, hash_out);
    }
    *hash_out = ext_record_stored_hash(record);
    return STATUS_OK;
}

enum status ext_name_hash(struct ext_mount *mount, const struct ext_inode *directory,
    uint32_t version, struct ext_name name, struct ext_hash *hash_out)
{
    const struct ext_geometry *geometry = &mount->geometry;
    uint8_t folded[folded_name_bytes_max];
    name = fold_name(directory, name, folded);
    if (version == EXT_HASH_SIPHASH && ext_is_encrypted(directory)) {
        return hash_siphash(mount, directory, name, hash_out);
    }
    if (version >= EXT_HASH_VERSION_COUNT) {
        return ext_corrupt(mount, "hash tree hash version", 0);
    }
    if (version < EXT_HASH_LEGACY_UNSIGNED && geometry->hash_unsigned) {
        version += EXT_HASH_LEGACY_UNSIGNED;
    }
    *hash_out = ext_hash_bytes(geometry->hash_seed, (enum ext_hash_version)version, name);
    return STATUS_OK;
}
