// One DKIM signature over a message of 4 KiB: the bare crypto, then all of verification with the key loaded
// anew for each message, and with the key that rides with the cached answer.
#include "tests/bench/coroutine_loop.hpp"

#include "auth/crypto/digest.hpp"
#include "auth/crypto/public_key.hpp"
#include "auth/crypto/signing_key.hpp"
#include "auth/dkim/key_record.hpp"
#include "auth/dkim/sign.hpp"
#include "auth/dkim/verify_signature.hpp"

namespace gatepost::bench {
namespace {

namespace asio = boost::asio;
namespace dkim = auth::dkim;
namespace crypto = auth::crypto;

constexpr std::size_t message_octets = 4096;
// One answer for every question: shared, as the cache does it, or a copy, which has no key with it.
class KeyResolver final : public dns::Resolver {
  public:
    KeyResolver(std::string record, bool shared) : shared_(shared) {
        auto answer = std::make_shared<dns::Answer>();
        answer->outcome = dns::Outcome::success;
        answer->records.emplace_back(std::move(record));
        answer_ = answer;
    }
    asio::awaitable<dns::AnswerPtr> query(dns::DomainName, dns::RrType) override {
        if (shared_) co_return answer_;
        co_return std::make_shared<const dns::Answer>(*answer_);
    }

  private:
    bool shared_;
    dns::AnswerPtr answer_;
};

struct Signed {
    explicit Signed(const crypto::SigningKey& key) : record(dkim::key_record_of(key)) {
        std::string header =
            "From: Joe <joe@example.org>\r\nTo: Ann <ann@example.net>\r\nSubject: a message\r\n"
            "Date: Mon, 16 Jun 2025 00:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\r\n";
        while (header.size() + body.size() < message_octets)
            body += "This is a line of text as people write them, about seventy octets.\r\n";
        dkim::SigningOptions options;
        options.domain = name("example.org");
        options.selector = "s1";
        block = auth::HeaderBlock::parse(*dkim::sign(*auth::HeaderBlock::parse(header), body, key, options) +
                                         header);
    }
    std::string record;
    std::string body;
    auth::HeaderBlockPtr block;
};

void verify(benchmark::State& state, const crypto::SigningKey& key, bool shared) {
    const Signed message(key);
    KeyResolver resolver(message.record, shared);
    asio::io_context context{1};
    auto once = [&]() -> asio::awaitable<void> {
        const auto now = std::chrono::system_clock::now();
        dkim::Verifier verifier(message.block, name("example.org"), dkim::VerifierOptions(), now);
        co_await verifier.fetch_keys(resolver);
        verifier.body(message.body);
        const auto results = verifier.finish();
        if (results.front().result != dkim::Result::pass) state.SkipWithError("no pass");
    };
    run_loop(state, context, once);
}

// One verification and the two SHA-256 passes, over the body and over a header of 1 KiB.
void bare(benchmark::State& state, const crypto::SigningKey& key) {
    const Signed message(key);
    const dkim::LoadedKey loaded = dkim::load_key(message.record);
    const std::string header(1024, 'h');
    const std::string signature = key.sign_sha256(crypto::sha256(header)).value();
    for (auto _ : state) {
        benchmark::DoNotOptimize(crypto::sha256(message.body));
        if (!loaded.key->verify_sha256(crypto::sha256(header), signature)) state.SkipWithError("no pass");
    }
}

void register_all(const std::string& type, const crypto::SigningKey& key) {
    benchmark::RegisterBenchmark((type + "/bare_crypto").c_str(), bare, std::cref(key));
    benchmark::RegisterBenchmark((type + "/key_loaded_anew").c_str(), verify, std::cref(key), false);
    benchmark::RegisterBenchmark((type + "/key_cached").c_str(), verify, std::cref(key), true);
}

// Before main(), which is Google Benchmark's.
const bool registered = [] {
    static const auto rsa = crypto::SigningKey::generate_rsa(2048);
    static const auto ed25519 = crypto::SigningKey::generate_ed25519();
    register_all("rsa2048", *rsa);
    register_all("ed25519", *ed25519);
    return true;
}();

}  // namespace
}  // namespace gatepost::bench
