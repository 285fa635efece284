// Policy records as any TXT record may hold them: no crash, and a policy only from a record that applies.
#include "auth/dmarc/record.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gatepost::auth::dmarc;
    const std::string text(reinterpret_cast<const char*>(data), size);
    // As it came, and behind a version, which reaches the tags at once.
    for (const std::string& record : {text, "v=DMARC1;" + text}) {
        const auto parsed = parse_record(record);
        if (parsed && !parsed->applies && parsed->record.p != Policy::none) std::abort();
    }
    has_valid_uri(text);
    return 0;
}
