/* SPDX-License-Identifier: ISC */
/* Classes of ASCII characters. */
#include <ctype.h>
#include <stdint.h>

enum character_class : uint8_t {
    UPPER = 1,
    LOWER = 2,
    DIGIT = 4,
    HEXADECIMAL = 8,
    SPACE = 16,
    BLANK = 32,
    CONTROL = 64,
    PUNCTUATION = 128,
    ALPHA = UPPER | LOWER,
    GRAPH = ALPHA | DIGIT | PUNCTUATION
};

static bool is_between(int character, int first, int last)
{
    return character >= first && character <= last;
}

static int class_of(int character)
{
    if (is_between(character, '0', '9')) {
        return DIGIT | HEXADECIMAL;
    }
    if (is_between(character | 0x20, 'a', 'z') && character < 0x80) {
        int letter = (character & 0x20) != 0 ? LOWER : UPPER;
        return is_between(character | 0x20, 'a', 'f') ? letter | HEXADECIMAL : letter;
    }
    if (is_between(character, 0x21, 0x7e)) {
        return PUNCTUATION;
    }
    switch (character) {
    case ' ':
        return SPACE | BLANK;
    case '\t':
        return SPACE | BLANK | CONTROL;
    case '\n':
    case '\v':
    case '\f':
    case '\r':
        return SPACE | CONTROL;
    default:
        return is_between(character, 0, 0x1f) || character == 0x7f ? CONTROL : 0;
    }
}

int isalnum(int character)
{
    return class_of(character) & (ALPHA | DIGIT);
}

int isalpha(int character)
{
    return class_of(character) & ALPHA;
}

int isascii(int character)
{
    return is_between(character, 0, 0x7f);
}

int isblank(int character)
{
    return class_of(character) & BLANK;
}

int iscntrl(int character)
{
    return class_of(character) & CONTROL;
}

int isdigit(int character)
{
    return is_between(character, '0', '9');
}

int isgraph(int character)
{
    return class_of(character) & GRAPH;
}

int islower(int character)
{
    return class_of(character) & LOWER;
}

int isprint(int character)
{
    return is_between(character, 0x20, 0x7e);
}

int ispunct(int character)
{
    return class_of(character) & PUNCTUATION;
}

int isspace(int character)
{
    return class_of(character) & SPACE;
}

int isupper(int character)
{
    return class_of(character) & UPPER;
}

int isxdigit(int character)
{
    return class_of(character) & HEXADECIMAL;
}

int tolower(int character)
{
    return is_between(character, 'A', 'Z') ? character + 0x20 : character;
}

int toupper(int character)
{
    return is_between(character, 'a', 'z') ? character - 0x20 : character;
}
