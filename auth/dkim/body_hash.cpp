#include "auth/dkim/body_hash.hpp"

#include <algorithm>

namespace gatepost::auth::dkim {

struct BodyHashes::Computation {
    Canonicalization canonicalization;
    std::optional<std::uint64_t> length;
    crypto::Sha256 digest;
    Hash hash;

    void update(std::string_view octets) {
        hash.canonical_octets += octets.size();
        const std::uint64_t room = length ? *length - hash.hashed_octets : octets.size();
        octets = octets.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(room, octets.size())));
        hash.hashed_octets += octets.size();
        if (!octets.empty()) digest.update(octets);
    }
};

struct BodyHashes::Stream {
    explicit Stream(Canonicalization own)
        : canonicalization(own), canonicalizer(own, [this](std::string_view octets) { update(octets); }) {}
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    void update(std::string_view octets) {
        for (Computation* computation : computations)
            computation->update(octets);
    }

    Canonicalization canonicalization;
    std::vector<Computation*> computations;
    BodyCanonicalizer canonicalizer;
};

BodyHashes::BodyHashes() = default;
BodyHashes::~BodyHashes() = default;

std::size_t BodyHashes::need(Canonicalization canonicalization, std::optional<std::uint64_t> length) {
    for (std::size_t i = 0; i < computations_.size(); ++i) {
        const Computation& known = *computations_[i];
        if (known.canonicalization == canonicalization && known.length == length) return i;
    }
    auto computation = std::make_unique<Computation>();
    computation->canonicalization = canonicalization;
    computation->length = length;
    auto stream = std::find_if(streams_.begin(), streams_.end(), [&](const auto& known) {
        return known->canonicalization == canonicalization;
    });
    if (stream == streams_.end())
        stream = streams_.insert(streams_.end(), std::make_unique<Stream>(canonicalization));
    (*stream)->computations.push_back(computation.get());
    computations_.push_back(std::move(computation));
    return computations_.size() - 1;
}

std::size_t BodyHashes::size() const {
    return computations_.size();
}

void BodyHashes::update(std::string_view chunk) {
    for (const auto& stream : streams_)
        stream->canonicalizer.update(chunk);
}

void BodyHashes::finish() {
    for (const auto& stream : streams_)
        stream->canonicalizer.finish();
    for (const auto& computation : computations_)
        computation->hash.octets = computation->digest.finish();
}

const BodyHashes::Hash& BodyHashes::hash(std::size_t number) const {
    return computations_.at(number)->hash;
}

}  // namespace gatepost::auth::dkim
