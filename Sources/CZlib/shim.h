#ifndef LETHE_CZLIB_H
#define LETHE_CZLIB_H

#include <zlib.h>

/// `inflateInit2` is a macro, which Swift cannot call. 15 + 16: the gzip format only, with its largest window.
static inline int lethe_inflate_begin(z_stream *stream) { return inflateInit2(stream, 15 + 16); }

#endif
