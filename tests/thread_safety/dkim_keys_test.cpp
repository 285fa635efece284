// One cached answer, its keys derived and used by several threads at once. Meant for the thread sanitizer;
// that all get the same key holds without it too.
#include "tests/support/run.hpp"

#include "auth/crypto/digest.hpp"
#include "auth/crypto/signing_key.hpp"
#include "auth/dkim/key_lookup.hpp"
#include "auth/dkim/sign.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <set>
#include <thread>
#include <vector>

namespace gatepost::auth::dkim {
namespace {

constexpr std::size_t thread_count = 4;
constexpr int round_count = 50;
constexpr int verify_count = 5;

class OneAnswerResolver final : public dns::Resolver {
  public:
    explicit OneAnswerResolver(dns::AnswerPtr answer) : answer_(std::move(answer)) {}
    boost::asio::awaitable<dns::AnswerPtr> query(dns::DomainName, dns::RrType) override { co_return answer_; }

  private:
    dns::AnswerPtr answer_;
};

boost::asio::awaitable<int> fetch(KeyLookup& keys, dns::Resolver& resolver) {
    co_await keys.fetch(resolver);
    co_return 0;
}

TEST(DkimKeys, are_loaded_once_and_used_by_all_threads) {
    const auto key = crypto::SigningKey::generate_rsa(1024);
    ASSERT_TRUE(key);
    const std::string hash(crypto::sha256_octets, 'h');
    const std::string signature = key->sign_sha256(hash).value();
    for (int round = 0; round < round_count; ++round) {
        const auto answer = std::make_shared<dns::Answer>();
        answer->outcome = dns::Outcome::success;
        answer->records.emplace_back(key_record_of(*key));
        OneAnswerResolver resolver(answer);
        std::atomic<std::size_t> ready{0};
        std::atomic<int> verified{0};
        std::array<const LoadedKey*, thread_count> used{};
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < thread_count; ++i) {
            threads.emplace_back([&, i] {
                KeyLookup keys;
                const std::size_t number = keys.need(*dns::DomainName::parse("s._domainkey.example.org"));
                for (++ready; ready < thread_count;)
                    std::this_thread::yield();
                tests::run(fetch(keys, resolver));
                const auto found = keys.found(number).keys();
                if (found.size() != 1 || !found.front().key) return;
                used[i] = &found.front();
                for (int n = 0; n < verify_count; ++n)
                    if (used[i]->key->verify_sha256(hash, signature)) ++verified;
            });
        }
        for (std::thread& thread : threads)
            thread.join();
        EXPECT_EQ(verified, static_cast<int>(thread_count) * verify_count);
        EXPECT_EQ(std::set(used.begin(), used.end()).size(), 1U);
    }
}

}  // namespace
}  // namespace gatepost::auth::dkim
