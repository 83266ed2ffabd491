/* SPDX-License-Identifier: ISC */
/* Tests of the command language: tokens, expansion, and what is refused where. */
#include <lib/shellwords/shellwords.h>
#include <lib/testing/check.h>

static const char *lookup(void *context, const char *name, size_t name_bytes)
{
    static const struct {
        const char *name;
        const char *value;
    } variables[] = {{"A", "one"}, {"SPACES", "  two  words "}, {"EMPTY", ""}, {"?", "7"},
        {"QUOTES", "a'b\"c$A\\"}, {"x_1", "under"}};
    (void)context;
    for (size_t index = 0; index < sizeof(variables) / sizeof(variables[0]); index++) {
        if (strlen(variables[index].name) == name_bytes &&
            memcmp(variables[index].name, name, name_bytes) == 0) {
            return variables[index].value;
        }
    }
    return nullptr;
}

static const struct shellwords_variables variables = {.lookup = lookup};

/* The tokens of a text in short: words as <...>, operators as themselves, "!N" for a refusal at N.
 */
static void tokens_are(const char *text, const char *wanted)
{
    static const char *const names[] = {"", "", ";", "&&", "||", "<", ">", ">>", "2>", "2>>"};
    char actual[300] = "";
    size_t position = 0;
    for (;;) {
        struct shellwords_token token;
        enum status status = shellwords_next(text, &position, &token);
        if (status != STATUS_OK) {
            sprintf(actual + strlen(actual), "%c%zu", status == STATUS_UNSUPPORTED ? '?' : '!',
                position);
            break;
        }
        if (token.kind == SHELLWORDS_END) {
            CHECK_EQUAL(text[position], 0);
            break;
        }
        if (token.kind == SHELLWORDS_WORD) {
            sprintf(actual + strlen(actual), "<%.*s>", (int)(token.end - token.first),
                text + token.first);
        } else {
            strcat(actual, names[token.kind]);
        }
    }
    bool same = strcmp(actual, wanted) == 0;
    if (!same) {
        printf("%s: is %s, wanted %s\n", text, actual, wanted);
    }
    CHECK(same);
}

static void tokens(void)
{
    tokens_are("", "");
    tokens_are("  \t # all comment", "");
    tokens_are("ls -l /bin", "<ls><-l></bin>");
    tokens_are("a;b&&c||d", "<a>;<b>&&<c>||<d>");
    tokens_are("a\nb # x ; y\nc#d", "<a>;<b>;<c#d>");
    tokens_are("a>b>>c<d 2>e 2>>f", "<a>><b>>><c><<d>2><e>2>><f>");
    tokens_are("a2>b 12>c", "<a2>><b><12>><c>");
    tokens_are("'a b;c'\"d 'e\"f", "<'a b;c'\"d 'e\"f>");
    tokens_are("a\\ b\\;c \\\n d", "<a\\ b\\;c><d>");
    tokens_are("\"a\\\"b\" c", "<\"a\\\"b\"><c>");
    tokens_are("$A${A}$?", "<$A${A}$?>");
    tokens_are("a*b?[c] {d} !e ~f =g", "<a*b?[c]><{d}><!e><~f><=g>");
    tokens_are("a\r\nb", "<a>;<b>");
}

static void refused(void)
{
    tokens_are("echo 'abc", "<echo>!5");
    tokens_are("echo x\"abc", "<echo>!6");
    tokens_are("a \\", "<a>!2");
    tokens_are("a ${b", "<a>!2");
    tokens_are("a \"${b-c}\"", "<a>!3");
    tokens_are("a ${}", "<a>!2");
    tokens_are("a | b", "<a>?2");
    tokens_are("a|b", "?1");
    tokens_are("a &", "<a>?2");
    tokens_are("a& b", "?1");
    tokens_are("(a)", "?0");
    tokens_are("a $(b)", "<a>?2");
    tokens_are("a \"x$(b)\"", "<a>?4");
    tokens_are("a `b`", "<a>?2");
    tokens_are("a \"`b`\"", "<a>?3");
}

/* Expand all words of a text and compare, written as <...>. */
static void expands(const char *text, bool split, const char *wanted)
{
    char bytes[200];
    char *list[10];
    char actual[300] = "";
    struct shellwords_words words = {
        .bytes = bytes, .bytes_max = sizeof(bytes), .words = list, .count_max = 10};
    struct shellwords_token token;
    size_t position = 0;
    while (shellwords_next(text, &position, &token) == STATUS_OK && token.kind != SHELLWORDS_END) {
        CHECK_EQUAL(shellwords_expand(text, token, split, &variables, &words), STATUS_OK);
    }
    for (size_t index = 0; index < words.count; index++) {
        sprintf(actual + strlen(actual), "<%s>", list[index]);
    }
    bool same = strcmp(actual, wanted) == 0;
    if (!same) {
        printf("%s: is %s, wanted %s\n", text, actual, wanted);
    }
    CHECK(same);
}

static void expansion(void)
{
    expands("plain '' \"\" x''y", true, "<plain><><><xy>");
    expands("'a $A \\' \"b $A \\x \\$A \\\" \\\\ 'q'\"", true, "<a $A \\><b one \\x $A \" \\ 'q'>");
    expands("\\a\\ b\\$A\\\nc", true, "<a b$Ac>");
    expands("\"a\\\nb\"", true, "<ab>");
    expands("$A-$A$A ${A}x $Ax $x_1", true, "<one-oneone><onex><under>");
}

static void variables_split(void)
{
    expands("$SPACES", true, "<two><words>");
    expands("x$SPACES"
            "y",
        true, "<x>");
    expands("\"$SPACES\"", true, "<  two  words >");
    expands("$EMPTY $NONE", true, "");
    expands("\"$EMPTY\" x$NONE", true, "<><x>");
    expands("$EMPTY", false, "<>");
    expands("$SPACES", false, "<  two  words >");
    expands("$QUOTES", true, "<a'b\"c$A\\>");
    expands("$? ${?}x $ $1 a$", true, "<7><7x><$><$1><a$>");
}

static void no_room(void)
{
    char bytes[8];
    char *list[2];
    for (size_t room = 0; room <= sizeof(bytes); room++) {
        struct shellwords_words words = {
            .bytes = bytes, .bytes_max = room, .words = list, .count_max = 2};
        struct shellwords_token token = {.kind = SHELLWORDS_WORD, .first = 0, .end = 6};
        enum status status = shellwords_expand("abcdef", token, true, &variables, &words);
        CHECK_EQUAL(status, room < 7 ? STATUS_TOO_LARGE : STATUS_OK);
    }
    struct shellwords_words words = {
        .bytes = bytes, .bytes_max = sizeof(bytes), .words = list, .count_max = 2};
    struct shellwords_token token = {.kind = SHELLWORDS_WORD, .first = 0, .end = 2};
    CHECK_EQUAL(shellwords_expand("''", token, true, &variables, &words), STATUS_OK);
    CHECK_EQUAL(shellwords_expand("''", token, true, &variables, &words), STATUS_OK);
    CHECK_EQUAL(shellwords_expand("''", token, true, &variables, &words), STATUS_TOO_LARGE);
    CHECK_EQUAL(words.count, 2);
}

static size_t assigned(const char *text)
{
    struct shellwords_token token = {.kind = SHELLWORDS_WORD, .end = strlen(text)};
    return shellwords_assigned_name(text, token);
}

static void assignments(void)
{
    CHECK_EQUAL(assigned("A=1"), 1);
    CHECK_EQUAL(assigned("x_1=$A'b c'"), 3);
    CHECK_EQUAL(assigned("A="), 1);
    CHECK_EQUAL(assigned("=1"), 0);
    CHECK_EQUAL(assigned("1A=1"), 0);
    CHECK_EQUAL(assigned("'A'=1"), 0);
    CHECK_EQUAL(assigned("A"), 0);
}

int main(void)
{
    TEST(tokens);
    TEST(refused);
    TEST(expansion);
    TEST(variables_split);
    TEST(no_room);
    TEST(assignments);
    return check_report();
}
