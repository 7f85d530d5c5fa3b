// SPDX-License-Identifier: Apache-2.0
// dataset_line: cuts bytes into lines in place; NUL or newline ends them.
#include "dataset/dataset_line.h"

#include <string.h>

char *line_next(struct line_reader *reader)
{
    while (reader->at < reader->end) {
        char *line = reader->at;
        char *stop = memchr(line, reader->separator, (size_t)(reader->end - line));

        if (stop == NULL)
            stop = reader->end;
        reader->at = stop + 1;
        reader->number++;
        if (reader->separator == '\n' && stop > line && stop[-1] == '\r')
            stop--;
        *stop = '\0';
        reader->size = (size_t)(stop - line);
        if (reader->size > 0)
            return line;
    }
    return NULL;
}
