/** The whole library, for programs that use it: `pkg-config --cflags --libs infoplane`. */
#ifndef IPL_INFOPLANE_H
#define IPL_INFOPLANE_H

#include "ipl/dataset.h"
#include "ipl/estimator.h"
#include "ipl/matrix.h"
#include "ipl/net.h"
#include "ipl/status.h"

#endif /* IPL_INFOPLANE_H */
