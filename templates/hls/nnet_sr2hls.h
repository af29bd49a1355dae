// What a formula needs besides ap_fixed: moving bits between types without changing them, and division.
#ifndef NNET_SR2HLS_H_
#define NNET_SR2HLS_H_

#include "ap_fixed.h"
#include "ap_int.h"

namespace sr2hls {

// Copying the bits of one type into another of the same width. range() is the documented way; a C++ compiler
// takes the member behind it several times faster.
template <class To, class From> inline void copy_bits(To &to, const From &from) {
#pragma HLS INLINE
#if defined(__SYNTHESIS__) || defined(SR2HLS_DOCUMENTED_ONLY)
    to.range() = from.range();
#else
    to.V = from.V;
#endif
}

// The bits of a number as an integer; the first form keeps the sign.
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N> inline ap_int<W> raw(const ap_fixed<W, I, Q, O, N> &x) {
#pragma HLS INLINE
    ap_int<W> integer;
    copy_bits(integer, x);
    return integer;
}

template <int W, int I, ap_q_mode Q, ap_o_mode O, int N> inline ap_uint<W> raw(const ap_ufixed<W, I, Q, O, N> &x) {
#pragma HLS INLINE
    ap_uint<W> integer;
    copy_bits(integer, x);
    return integer;
}

// The bits of a number as the unsigned integer that they spell.
template <int W, int I, ap_q_mode Q, ap_o_mode O, int N> inline ap_uint<W> bits(const ap_fixed<W, I, Q, O, N> &x) {
#pragma HLS INLINE
    ap_uint<W> integer;
    copy_bits(integer, x);
    return integer;
}

template <int W, int I, ap_q_mode Q, ap_o_mode O, int N> inline ap_uint<W> bits(const ap_ufixed<W, I, Q, O, N> &x) {
#pragma HLS INLINE
    return raw(x);
}

// The number that the low bits of an integer spell in a type.
template <class T, class Integer> inline T from_raw(Integer integer) {
#pragma HLS INLINE
    const ap_uint<T::width> bits = integer;
    T x;
    copy_bits(x, bits);
    return x;
}

// The same bits read with another binary point: x times a power of two, exactly.
template <class T, class X> inline T reinterpret(const X &x) {
#pragma HLS INLINE
    T y;
    copy_bits(y, x);
    return y;
}

// a / b with FRAC fractional bits, the last of which says whether anything remains: it quantises as the true
// quotient does in every rounding mode. The numerator has WN bits when shifted left by SHIFT_N, the
// denominator WD bits by SHIFT_D. b must not be 0.
template <int WN, int SHIFT_N, int WD, int SHIFT_D, int FRAC, class A, class B>
inline ap_fixed<WN + 2, WN + 2 - FRAC> divide(const A &a, const B &b) {
#pragma HLS INLINE
    ap_int<WN> numerator = raw(a);
    ap_int<WD> denominator = raw(b);
    numerator <<= SHIFT_N;
    denominator <<= SHIFT_D;
    // C++ rounds a quotient towards zero; the contract rounds it down.
    ap_int<WN + 1> quotient = numerator / denominator;
    const ap_int<WD> remainder = numerator % denominator;
    const bool inexact = remainder != 0;
    if (inexact && (numerator < 0) != (denominator < 0))
        quotient -= 1;
    ap_int<WN + 2> guarded = quotient;
    guarded <<= 1;
    guarded[0] = inexact;
    return from_raw<ap_fixed<WN + 2, WN + 2 - FRAC> >(guarded);
}

} // namespace sr2hls

namespace nnet {

// The layer: CONFIG_T::compute is the formula that was generated.
template <class data_T, class res_T, typename CONFIG_T>
void symbolic_formula(data_T data[CONFIG_T::n_in], res_T res[CONFIG_T::n_out]) {
#pragma HLS PIPELINE II=CONFIG_T::ii
    CONFIG_T::compute(data, res);
}

} // namespace nnet

#endif
