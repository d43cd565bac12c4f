/** Files that are cut short while they are mapped into memory. */
#ifndef IPL_BUS_ERROR_H
#define IPL_BUS_ERROR_H

/**
 * From now on end with a line that names the file and exit status 74 when a page of a mapped
 * file cannot be read: it was cut short by another program, or its disk fails. SIGBUS of any
 * other cause ends the program as ever.
 */
void ipl_bus_error_catch(void);

#endif /* IPL_BUS_ERROR_H */
