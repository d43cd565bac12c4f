/** Where a result comes from: program, build, machine. */
#ifndef IPL_PROVENANCE_H
#define IPL_PROVENANCE_H

#include "base/text.h"

/** Append the JSON members "version" ... "kernel" of run.json, each line indented by two. */
void ipl_provenance_print(ipl_text *out);

/** Largest memory the process has held so far, in bytes. */
size_t ipl_provenance_peak_memory(void);

#endif /* IPL_PROVENANCE_H */
