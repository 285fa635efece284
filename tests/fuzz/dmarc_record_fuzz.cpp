// Policy records as any TXT record may hold them: a policy only from a record that applies, and what was
// understood reads the same when it is written anew.
#include "auth/dmarc/record.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace gatepost::auth::dmarc;

std::string written(const Record& record) {
    std::string text = "v=DMARC1; p=" + std::string(to_string(record.p));
    if (record.sp) text += "; sp=" + std::string(to_string(*record.sp));
    if (record.np) text += "; np=" + std::string(to_string(*record.np));
    text +=
        "; adkim=" + std::string(to_string(record.adkim)) + "; aspf=" + std::string(to_string(record.aspf));
    if (record.testing) text += "; t=y";
    if (record.psd) text += *record.psd ? "; psd=y" : "; psd=n";
    return text + "; fo=" + record.fo + "; rua=" + record.rua + "; ruf=" + record.ruf;
}

bool same(const Record& a, const Record& b) {
    return a.p == b.p && a.sp == b.sp && a.np == b.np && a.adkim == b.adkim && a.aspf == b.aspf &&
           a.testing == b.testing && a.psd == b.psd && a.fo == b.fo && a.rua == b.rua && a.ruf == b.ruf;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    // As it came, and behind a version, which reaches the tags at once.
    for (const std::string& record : {text, "v=DMARC1;" + text}) {
        const auto parsed = parse_record(record);
        if (!parsed) continue;
        if (!parsed->applies && parsed->record.p != Policy::none) std::abort();
        const auto again = parse_record(written(parsed->record));
        if (!again || !same(again->record, parsed->record)) std::abort();
    }
    has_valid_uri(text);
    return 0;
}
