/* SPDX-License-Identifier: ISC */
/* Classes of ASCII characters, for the values of unsigned char and EOF. There is one locale, "C".
 */
#pragma once

int isalnum(int character);
int isalpha(int character);
int isascii(int character);
int isblank(int character);
int iscntrl(int character);
int isdigit(int character);
int isgraph(int character);
int islower(int character);
int isprint(int character);
int ispunct(int character);
int isspace(int character);
int isupper(int character);
int isxdigit(int character);
int tolower(int character);
int toupper(int character);
