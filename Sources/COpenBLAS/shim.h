#ifndef LETHE_COPENBLAS_SHIM_H
#define LETHE_COPENBLAS_SHIM_H

#include <cblas.h>

#endif
