// What decides whether octets are a reply to our query: the matcher with its case of letters, cookies, and
// the framing of streams. The input picks a query and changes its true reply; nothing that is changed where
// it counts may be taken for it.
#include "dns/reply_matcher.hpp"
#include "dns/reply_reader.hpp"
#include "dns/server_abilities.hpp"
#include "dns/stream_framing.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace gatepost::dns;
using Bytes = std::vector<std::uint8_t>;

void require(bool holds) {
    if (!holds) std::abort();
}

// Takes octets off the input, zeros behind its end.
class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}
    std::uint8_t octet() {
        if (rest_.empty()) return 0;
        const std::uint8_t taken = rest_.front();
        rest_ = rest_.subspan(1);
        return taken;
    }
    Octets rest() const { return rest_; }

  private:
    Octets rest_;
};

// A random source that draws from the input.
class InputRandom final : public RandomSource {
  public:
    explicit InputRandom(Input& input) : input_(input) {}
    void fill(std::span<std::uint8_t> octets) override {
        for (std::uint8_t& octet : octets)
            octet = input_.octet();
    }

  private:
    Input& input_;
};

Query make_query(Input& input) {
    static const std::string names[] = {"a", "example.com", "1.2.3.4.in-addr.arpa",
                                        "s1._domainkey.mail.example.org"};
    Query query;
    query.id = static_cast<std::uint16_t>(input.octet() << 8 | input.octet());
    query.name = *DomainName::parse(names[input.octet() % std::size(names)]);
    query.type = RrType::txt;
    query.spelling = query.name.text();
    for (char& c : query.spelling)
        if (c >= 'a' && c <= 'z' && (input.octet() & 1U) != 0) c = static_cast<char>(c - 32);
    return query;
}

// The question's octets behind the header, and how far they go.
void check_match(Input& input) {
    const Query query = make_query(input);
    Bytes reply = encode_query(query);
    reply[2] |= 0x80;
    require(match_reply(reply, query) == ReplyMatch::ours);

    const std::size_t question_end = header_octets + query.spelling.size() + 2 + 4;
    const std::size_t at = input.octet() % question_end;
    const std::uint8_t change = input.octet();
    if (change == 0) return;
    Bytes changed = reply;
    changed[at] ^= change;
    const ReplyMatch match = match_reply(changed, query);
    const bool in_flags = at == 2 || at == 3;  // not all of them are compared
    const bool in_counts = at >= 4 && at < header_octets;
    if (!in_flags && !in_counts) require(match != ReplyMatch::ours);
    // Only the case of a letter makes it folded.
    if (match == ReplyMatch::folded) require(at >= header_octets && change == 0x20);
}

void check_cookies(Input& input) {
    const ServerAbilities::Time now{std::chrono::hours(100)};
    ServerAbilities abilities;
    InputRandom random(input);
    Query query = make_query(input);
    query.cookie = abilities.cookie(now, random);
    ReplyOptions options;
    options.edns = true;
    Bytes octets(query.cookie->octets().begin(), query.cookie->octets().end());
    const std::size_t at = input.octet() % octets.size();
    const std::uint8_t change = input.octet();
    octets[at] ^= change;
    octets.resize(8 + input.octet() % 48, 1);
    options.cookie = Cookie::read(octets);
    options.broken = !options.cookie;
    const CookieCheck check = abilities.check_cookie(query, options, ServerAbilities::Way::udp_alone, now);
    require((check == CookieCheck::fine) == (change == 0 && options.cookie.has_value()));
    // What was learned is what is sent, and always under our own client part.
    const Cookie next = abilities.cookie(now, random);
    require(next.same_client(*query.cookie));
    require(next.has_server_part() == (check == CookieCheck::fine && options.cookie->has_server_part()));
}

// However a stream is cut, it gives the same messages, and together no more than it got.
void check_framing(Input& input) {
    const std::size_t portion = 1 + input.octet();
    const Octets stream = input.rest();
    FrameReader whole;
    FrameReader cut;
    whole.put(stream);
    std::vector<Bytes> expected;
    std::size_t octets = 0;
    while (auto message = whole.take()) {
        octets += 2 + message->size();
        expected.push_back(std::move(*message));
    }
    require(octets <= stream.size());
    std::vector<Bytes> got;
    for (std::size_t at = 0; at < stream.size(); at += portion) {
        cut.put(stream.subspan(at, std::min(portion, stream.size() - at)));
        while (auto message = cut.take())
            got.push_back(std::move(*message));
    }
    require(got == expected);
    require(whole.pending() == cut.pending());
    Bytes framed;
    for (const Bytes& message : got)
        append_framed(framed, message);
    require(framed.size() == octets && std::equal(framed.begin(), framed.end(), stream.begin()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    Input input(data + 1, size - 1);
    switch (data[0] % 3) {
        case 0:
            check_match(input);
            break;
        case 1:
            check_cookies(input);
            break;
        default:
            check_framing(input);
    }
    return 0;
}
