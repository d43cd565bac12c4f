/** Version of the program; the Makefile reads it here. */
#ifndef IPL_VERSION_H
#define IPL_VERSION_H

#define IPL_VERSION "0.1.0"

#endif /* IPL_VERSION_H */
