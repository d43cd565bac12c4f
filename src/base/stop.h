/**
 * Signals that ask a program to stop.
 *
 * INT, TERM, HUP, USR1, USR2 and XCPU. Senders repeat themselves: timeout, scancel and a queue
 * that preempts send TERM to a process and to its group, and whoever starts programs passes it
 * on. A signal within a second of the one before belongs to it, whichever of the six it is.
 *
 *     first     ipl_stop_signal is its number: stop where that loses nothing
 *     second    ipl_stop_is_urgent(): give up what takes long
 *     third     the program ends at once, by that signal
 *
 * A second INT, which a person types, ends the program at once. XCPU that the kernel repeats
 * for each second beyond a soft limit is one signal.
 */
#ifndef IPL_STOP_H
#define IPL_STOP_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

/** The signals, ended by 0. */
extern const int ipl_stop_signals[];

/** Number of the first signal that came, 0 before. */
extern volatile sig_atomic_t ipl_stop_signal;

/** Whether another one came more than a second after the first. */
bool ipl_stop_is_urgent(void);

/** Whether a signal is to stop us: a hang-up that is ignored, as under nohup, is not. */
bool ipl_stop_is_heard(int number);

/** Whether a signal belongs to the one that came at `before`, both on ipl_clock(). */
bool ipl_stop_belongs(int number, double before, double now);

/**
 * Catch the signals from now on. Where the limit of processor time is one that only kills
 * (ulimit -t sets both of its parts), the soft part is lowered, so that XCPU comes first.
 */
void ipl_stop_catch(void);

/** End this process by a signal, so that whoever sent it learns how it ended. */
void ipl_stop_end_by(int number);

#endif /* IPL_STOP_H */
