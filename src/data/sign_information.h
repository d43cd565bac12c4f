/** What the sign of a noisy Gaussian tells, for the notes of generated data. */
#ifndef IPL_SIGN_INFORMATION_H
#define IPL_SIGN_INFORMATION_H

/**
 * Information that g has of the sign of a g + e, g and e standard normal and independent:
 *
 *     I = ln 2 - E[h(Phi(a g))],  h the entropy of a coin
 *
 * by the trapezoidal rule, exact to rounding for |a| <= 25.
 *
 * units   nats
 */
double ipl_sign_information(double a);

#endif /* IPL_SIGN_INFORMATION_H */
