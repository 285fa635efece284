// Tag lists (RFC 6376 §3.2): the first octet chooses between the rest as it is and the rest mapped into the
// alphabet of tags. What is taken are parts of the text in order, each name once, and reads the same when it
// is written again.
#include "auth/tag_list.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>

namespace {

using gatepost::auth::Tag;
using gatepost::auth::TagList;

void require(bool promise) {
    if (!promise) std::abort();
}

bool lies_within(std::string_view part, std::string_view whole) {
    const std::less_equal<> before;
    return before(whole.data(), part.data()) &&
           before(part.data() + part.size(), whole.data() + whole.size());
}

void check(std::string_view text) {
    const auto list = TagList::parse(text);
    if (!list) return;
    const auto& tags = list->tags();
    require(!tags.empty() && tags.size() <= TagList::max_tags);
    std::string written;
    std::string_view rest = text;
    for (const Tag& tag : tags) {
        require(!tag.name.empty() && lies_within(tag.name, rest));
        require(lies_within(tag.spelled, rest) && (tag.value.empty() || lies_within(tag.value, tag.spelled)));
        require(tag.spelled.find(';') == std::string_view::npos);
        require(list->find(tag.name) == &tag && list->value(tag.name) == tag.value);
        rest = std::string_view(
            tag.spelled.data() + tag.spelled.size(),
            static_cast<std::size_t>(text.data() + text.size() - tag.spelled.data()) - tag.spelled.size());
        written += std::string(tag.name) + '=' + std::string(tag.spelled) + ';';
    }
    const auto again = TagList::parse(written);
    require(again.has_value() && again->tags().size() == tags.size());
    for (std::size_t i = 0; i < tags.size(); ++i)
        require(again->tags()[i].name == tags[i].name && again->tags()[i].value == tags[i].value &&
                again->tags()[i].spelled == tags[i].spelled);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    constexpr std::string_view alphabet = "abB_1=; \t\r\n\"";
    std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 2 == 1)
        for (char& c : text)
            c = alphabet[static_cast<unsigned char>(c) % alphabet.size()];
    check(text);
    return 0;
}
