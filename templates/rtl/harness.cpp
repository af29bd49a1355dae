// Runs a verilated design over samples. Each sample is the packed input bits, little-endian, padded to the size
// of Verilator's port; outputs come back in the same form, one after each clock edge.
//
// Usage: simulator INPUTS OUTPUTS EXTRA_CYCLES
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "Vsim.h"
#include "verilated.h"

double sc_time_stamp() { return 0; }

int main(int argc, char **argv) {
    if (argc != 4) {
        std::fprintf(stderr, "usage: %s INPUTS OUTPUTS EXTRA_CYCLES\n", argv[0]);
        return 2;
    }
    std::FILE *in = std::fopen(argv[1], "rb");
    std::FILE *out = std::fopen(argv[2], "wb");
    if (!in || !out) {
        std::perror("simulator");
        return 1;
    }
    long extra = std::atol(argv[3]);
    VerilatedContext context;
    Vsim top{&context};
    std::vector<unsigned char> sample(sizeof(top.in_bits)), result(sizeof(top.out_bits));
    bool more = true;
    while (more || extra > 0) {
        more = more && std::fread(sample.data(), sample.size(), 1, in) == 1;
        if (!more && extra-- <= 0) break;
        std::memcpy(&top.in_bits, sample.data(), sample.size());
        top.clk = 0;
        top.eval();
        top.clk = 1;
        top.eval();
        std::memcpy(result.data(), &top.out_bits, result.size());
        if (std::fwrite(result.data(), result.size(), 1, out) != 1) {
            std::perror("simulator");
            return 1;
        }
    }
    top.final();
    return std::fclose(out) == 0 ? 0 : 1;
}
