/* SPDX-License-Identifier: ISC */
/*
 * The feature registry: every bit that has ever had a meaning, with our verdict. A bit that is not
 * listed is refused whichever word it stands in, since its meaning is not known to be harmless.
 */
#include "internal.h"

static const struct ext_feature features[] = {
    {EXT_COMPAT, 0, EXT_ACCEPTED, "dir_prealloc", nullptr},
    {EXT_COMPAT, 1, EXT_ACCEPTED, "imagic_inodes", nullptr},
    {EXT_COMPAT, 2, EXT_ACCEPTED, "has_journal", nullptr},
    {EXT_COMPAT, 3, EXT_ACCEPTED, "ext_attr", nullptr},
    {EXT_COMPAT, 4, EXT_ACCEPTED, "resize_inode", nullptr},
    {EXT_COMPAT, 5, EXT_ACCEPTED, "dir_index", nullptr},
    {EXT_COMPAT, 6, EXT_REFUSED, "lazy_bg", "obsolete: groups without tables"},
    {EXT_COMPAT, 7, EXT_REFUSED, "exclude_inode", "obsolete: snapshots"},
    {EXT_COMPAT, 8, EXT_REFUSED, "snapshot_bitmap", "obsolete: snapshots"},
    {EXT_COMPAT, 9, EXT_ACCEPTED, "sparse_super2", nullptr},
    {EXT_COMPAT, 10, EXT_ACCEPTED, "fast_commit", nullptr},
    {EXT_COMPAT, 11, EXT_ACCEPTED, "stable_inodes", nullptr},
    {EXT_COMPAT, 12, EXT_ACCEPTED, "orphan_file", nullptr},
    {EXT_INCOMPAT, 0, EXT_REFUSED, "compression", "obsolete: file contents would be garbage"},
    {EXT_INCOMPAT, 1, EXT_ACCEPTED, "filetype", nullptr},
    {EXT_INCOMPAT, 2, EXT_ACCEPTED, "needs_recovery", nullptr},
    {EXT_INCOMPAT, 3, EXT_REFUSED, "journal_dev", "a journal device holds no files"},
    {EXT_INCOMPAT, 4, EXT_ACCEPTED, "meta_bg", nullptr},
    {EXT_INCOMPAT, 6, EXT_ACCEPTED, "extent", nullptr},
    {EXT_INCOMPAT, 7, EXT_ACCEPTED, "64bit", nullptr},
    {EXT_INCOMPAT, 8, EXT_ACCEPTED, "mmp", nullptr},
    {EXT_INCOMPAT, 9, EXT_ACCEPTED, "flex_bg", nullptr},
    {EXT_INCOMPAT, 10, EXT_ACCEPTED_READ_ONLY, "ea_inode", "attribute values in inodes: not kept"},
    {EXT_INCOMPAT, 12, EXT_REFUSED, "dirdata", "directory entries carry more than names"},
    {EXT_INCOMPAT, 13, EXT_ACCEPTED, "metadata_csum_seed", nullptr},
    {EXT_INCOMPAT, 14, EXT_ACCEPTED, "large_dir", nullptr},
    {EXT_INCOMPAT, 15, EXT_ACCEPTED, "inline_data", nullptr},
    {EXT_INCOMPAT, 16, EXT_ACCEPTED, "encrypt", nullptr},
    {EXT_INCOMPAT, 17, EXT_ACCEPTED, "casefold", nullptr},
    {EXT_RO_COMPAT, 0, EXT_ACCEPTED, "sparse_super", nullptr},
    {EXT_RO_COMPAT, 1, EXT_ACCEPTED, "large_file", nullptr},
    {EXT_RO_COMPAT, 2, EXT_REFUSED, "btree_dir", "obsolete: was never in use"},
    {EXT_RO_COMPAT, 3, EXT_ACCEPTED, "huge_file", nullptr},
    {EXT_RO_COMPAT, 4, EXT_ACCEPTED, "uninit_bg", nullptr},
    {EXT_RO_COMPAT, 5, EXT_ACCEPTED, "dir_nlink", nullptr},
    {EXT_RO_COMPAT, 6, EXT_ACCEPTED, "extra_isize", nullptr},
    {EXT_RO_COMPAT, 7, EXT_REFUSED, "snapshot", "obsolete: snapshots"},
    {EXT_RO_COMPAT, 8, EXT_ACCEPTED, "quota", nullptr},
    {EXT_RO_COMPAT, 9, EXT_ACCEPTED, "bigalloc", nullptr},
    {EXT_RO_COMPAT, 10, EXT_ACCEPTED, "metadata_csum", nullptr},
    {EXT_RO_COMPAT, 11, EXT_REFUSED, "replica", "obsolete: was never in use"},
    {EXT_RO_COMPAT, 12, EXT_ACCEPTED_READ_ONLY, "read-only", "the volume asks for it"},
    {EXT_RO_COMPAT, 13, EXT_ACCEPTED, "project", nullptr},
    {EXT_RO_COMPAT, 14, EXT_ACCEPTED_READ_ONLY, "shared_blocks", "one block, many owners"},
    {EXT_RO_COMPAT, 15, EXT_ACCEPTED, "verity", nullptr},
    {EXT_RO_COMPAT, 16, EXT_ACCEPTED, "orphan_present", nullptr},
};

constexpr uint32_t feature_count = sizeof features / sizeof features[0];
constexpr uint32_t word_bit_count = 32;

static const struct ext_feature unknown_feature = {
    .bit = ext_no_feature_bit,
    .verdict = EXT_REFUSED,
    .name = "unknown feature bit",
    .reason = "its meaning is not known",
};

const struct ext_feature *ext_feature_find(enum ext_feature_word word, uint32_t bit)
{
    for (uint32_t index = 0; index < feature_count; index++) {
        if (features[index].word == word && features[index].bit == bit) {
            return &features[index];
        }
    }
    return &unknown_feature;
}

const char *ext_feature_word_name(enum ext_feature_word word)
{
    static const char *const names[] = {
        [EXT_COMPAT] = "compat",
        [EXT_INCOMPAT] = "incompat",
        [EXT_RO_COMPAT] = "ro_compat",
    };
    return word < EXT_FEATURE_WORD_COUNT ? names[word] : "none";
}

static enum status judge_bit(struct ext_mount *mount, enum ext_feature_word word, uint32_t bit)
{
    const struct ext_feature *feature = ext_feature_find(word, bit);
    if (feature->verdict == EXT_REFUSED) {
        mount->refusal = (struct ext_refusal){
            .what = feature->name,
            .reason = feature->reason,
            .feature_word = word,
            .feature_bit = bit,
        };
        return STATUS_UNSUPPORTED;
    }
    if (feature->verdict == EXT_ACCEPTED_READ_ONLY) {
        mount->read_only = true;
    }
    return STATUS_OK;
}

enum status ext_features_judge(struct ext_mount *mount)
{
    for (uint32_t word = 0; word < EXT_FEATURE_WORD_COUNT; word++) {
        for (uint32_t bit = 0; bit < word_bit_count; bit++) {
            if ((mount->features[word] >> bit & 1) == 0) {
                continue;
            }
            enum status status = judge_bit(mount, (enum ext_feature_word)word, bit);
            if (status != STATUS_OK) {
                return status;
            }
        }
    }
    return STATUS_OK;
}
