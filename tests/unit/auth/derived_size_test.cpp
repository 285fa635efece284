// What is kept beside a cached answer is paid for in the cache's octets, whatever a stranger publishes.
#include "tests/support/run.hpp"

#include "auth/base64.hpp"
#include "auth/crypto/signing_key.hpp"
#include "auth/dkim/key_lookup.hpp"
#include "auth/dkim/sign.hpp"
#include "auth/dmarc/tree_walk.hpp"
#include "auth/spf/limits.hpp"
#include "auth/spf/record.hpp"

#include "dns/cache_store.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

namespace gatepost::auth {
namespace {

// Octets that malloc has given out; 0 where a sanitizer stands in for malloc.
std::size_t octets_in_use() {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

std::string repeated(std::string text, std::string_view piece, std::size_t octets) {
    while (text.size() + piece.size() <= octets)
        text += piece;
    return text;
}

// One answer to every question.
class OneAnswer final : public dns::Resolver {
  public:
    explicit OneAnswer(dns::AnswerPtr answer) : answer_(std::move(answer)) {}
    dns::AnswerPtr known(const dns::DomainName&, dns::RrType) override { return answer_; }
    boost::asio::awaitable<dns::AnswerPtr> query(dns::DomainName, dns::RrType) override { co_return answer_; }

  private:
    dns::AnswerPtr answer_;
};

// As every reader there is would.
void derive_all(const dns::AnswerPtr& answer) {
    if (spf::find_spf(*answer)) dns::derive<spf::Published>(*answer, spf::read_published);
    OneAnswer resolver(answer);
    const auto name = dns::DomainName::parse("a.example").value();
    dkim::KeyLookup lookup;
    lookup.need(name);
    lookup.find_known(resolver);
    tests::run(dmarc::lookup_record(name, resolver));
}

TEST(DerivedSize, is_what_the_cache_charges_for) {
    const auto rsa1024 = dkim::key_record_of(crypto::SigningKey::generate_rsa(1024).value());
    const auto rsa2048 = dkim::key_record_of(crypto::SigningKey::generate_rsa(2048).value());
    const auto rsa4096 = dkim::key_record_of(crypto::SigningKey::generate_rsa(4096).value());
    const auto ed25519 = dkim::key_record_of(crypto::SigningKey::generate_ed25519().value());
    const std::string bare1024 = rsa1024.substr(rsa1024.find("p="));
    const std::string tiny = "p=" + base64_encode(std::string("\x30\x07\x02\x02\x7f\xff\x02\x01\x03", 9));
    using Texts = std::vector<std::string>;
    struct Case {
        const char* what;
        Texts texts;
    };
    const Case table[] = {
        {"usual SPF", {"v=spf1 include:_spf.provider.example ip4:192.0.2.0/24 -all"}},
        {"least SPF", {"v=spf1 a"}},
        {"faulty SPF", {"v=spf1 " + std::string(4000, '(')}},
        {"SPF of the shortest terms", {repeated("v=spf1", " a", spf::max_record_terms * 2)}},
        {"SPF of ip4", {repeated("v=spf1", " ip4:1.1.1.1", spf::max_record_octets)}},
        {"SPF of ip6", {repeated("v=spf1", " ip6:::", spf::max_record_octets)}},
        {"some ip6", {repeated("v=spf1", " ip6:::", 600)}},
        {"long SPF", {repeated("v=spf1", " ", spf::max_record_octets)}},
        {"usual DMARC", {"v=DMARC1; p=reject; rua=mailto:dmarc@example.org"}},
        {"long DMARC", {repeated("v=DMARC1; p=reject; rua=mailto:a@a.example", ",mailto:a@a.example", 8000)}},
        {"too long DMARC",
         {repeated("v=DMARC1; p=reject; rua=mailto:a@a.example", ",mailto:a@b.example", 60'000)}},
        {"RSA-1024", {rsa1024}},
        {"RSA-2048", {rsa2048}},
        {"RSA-4096", {rsa4096}},
        {"Ed25519", {ed25519}},
        {"four keys", {bare1024, bare1024 + "; t=s", bare1024 + "; t=y", bare1024 + "; n=1"}},
        {"four Ed25519 keys", {ed25519, ed25519 + "; t=s", ed25519 + "; t=y", ed25519 + "; n=1"}},
        {"four tiny keys", {tiny, tiny + "; t=s", tiny + "; t=y", tiny + "; n=1"}},
        {"no keys", Texts(30, "x")},
        {"no keys, with details", Texts(8, "abcdefghijklmnopqrstuvwxyz=1;abcdefghijklmnopqrstuvwxyz=1")},
        {"all kinds", {"v=spf1 a", "v=DMARC1; p=none", ed25519}},
    };
    constexpr std::size_t times = 64;  // what malloc keeps at hand weighs little then
    for (const Case& c : table) {
        std::vector<dns::AnswerPtr> answers;
        answers.reserve(times);
        const std::size_t before = octets_in_use();
        for (std::size_t i = 0; i < times; ++i) {
            auto answer = std::make_shared<dns::Answer>();
            answer->outcome = dns::Outcome::success;
            answer->records.reserve(c.texts.size());
            for (const std::string& text : c.texts)
                answer->records.emplace_back(text);
            derive_all(answer);
            answers.push_back(std::move(answer));
        }
        if (before == 0) continue;
        const std::size_t taken = (octets_in_use() - before) / times;
        EXPECT_LE(taken, dns::octets_of(*answers.front())) << c.what;
        RecordProperty(c.what,
                       std::to_string(taken) + " of " + std::to_string(dns::octets_of(*answers.front())));
    }
}

}  // namespace
}  // namespace gatepost::auth
