#include "dns/brownout.hpp"

#include "dns/client_address.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace gatepost::dns {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t labels_of_zone = 2;  // local: finer, one sender could be many zones for little money
constexpr std::size_t max_zones = 4096;    // local: some 600 KiB; a busy server meets fewer in an hour
constexpr seconds window{60};              // local: a zone failed or answered lately
constexpr std::size_t least_failing = 5;   // local: fewer may fail by chance at the same time
constexpr std::size_t max_networks = 4;    // local: of one zone: enough to find one that speaks for no other
constexpr std::size_t failing_per_answering = 2;  // local: must fail for each that answers
constexpr seconds ending_window{10};              // local: what counts when the state could end
constexpr seconds least_silence{3};               // local: shorter, it may be a packet or two
constexpr std::size_t least_silent_rounds = 2;    // local
constexpr seconds calm{3};                        // local: it has to look over for so long
constexpr milliseconds look_interval{250};        // local: looking costs a walk over the zones of the window

bool are_many(std::size_t failing, std::size_t answering) {
    return failing >= least_failing && failing > failing_per_answering * answering;
}

}  // namespace

std::optional<bool> tells_of_reply(const Answer& answer) {
    if (!answer.failed()) return true;
    switch (answer.trouble) {
        case Trouble::server_failure:
        case Trouble::refused:
        case Trouble::malformed:
            return true;
        case Trouble::forged:
        case Trouble::timeout:
        case Trouble::unreachable:
            return false;
        default:
            return std::nullopt;
    }
}

std::string_view to_string(BrownoutState::Cause cause) {
    switch (cause) {
        case BrownoutState::Cause::none:
            return "none";
        case BrownoutState::Cause::server_away:
            return "no DNS server replies";
        case BrownoutState::Cause::many_zones:
            return "many zones that used to answer fail";
    }
    return "";
}

void BrownoutDetector::note(const DomainName& name, const Answer& answer, TimePoint now,
                            const IpAddress* client) {
    const std::optional<bool> replied = tells_of_reply(answer);
    if (!replied) return;
    has_replied_ = has_replied_ || *replied;
    if (*replied) silent_since_.reset();
    DomainName zone = name.suffix(labels_of_zone);
    if (!answer.failed()) {
        note_answered(std::move(zone), now);
    } else {
        last_failure_ = now;
        const auto known = zones_.find(zone);
        if (known == zones_.end()) return;  // it never answered: it says nothing of our resolver
        known->second->failed = now;
        const IpAddress network = client == nullptr ? IpAddress() : network_of(*client);
        std::vector<IpAddress>& networks = known->second->networks;
        if (networks.size() < max_networks &&
            std::find(networks.begin(), networks.end(), network) == networks.end())
            networks.push_back(network);
        recent_.splice(recent_.begin(), recent_, known->second);
    }
    const bool matters = answer.failed() || state_.active;
    if (matters && now - looked_ >= look_interval) update(now);
}

void BrownoutDetector::note_answered(DomainName zone, TimePoint now) {
    const auto known = zones_.find(zone);
    if (known != zones_.end()) {
        known->second->answered = now;
        known->second->failed.reset();
        known->second->networks.clear();
        recent_.splice(recent_.begin(), recent_, known->second);
        return;
    }
    if (recent_.size() == max_zones) {
        zones_.erase(recent_.back().name);
        recent_.pop_back();
    }
    recent_.push_front(Zone{zone, now});
    zones_.emplace(std::move(zone), recent_.begin());
}

void BrownoutDetector::note_own(bool replied, TimePoint now) {
    if (replied) {
        has_replied_ = true;
        silent_since_.reset();
    } else if (has_replied_) {
        if (!silent_since_) silent_rounds_ = 0;
        if (!silent_since_) silent_since_ = now;
        ++silent_rounds_;
    }
    update(now);
}

BrownoutDetector::Counts BrownoutDetector::count(TimePoint now, seconds within) const {
    Counts counts;
    std::set<IpAddress> heard;
    for (const Zone& zone : recent_) {
        if (now - zone.failed.value_or(zone.answered) > within) break;
        if (!zone.failed) {
            ++counts.answering;
            continue;
        }
        ++counts.all_failing;
        const bool speaks =
            std::any_of(zone.networks.begin(), zone.networks.end(),
                        [&](const IpAddress& network) { return heard.insert(network).second; });
        if (speaks) ++counts.failing;
    }
    if (own_names_fail_) counts.failing = counts.all_failing;
    return counts;
}

BrownoutState::Cause BrownoutDetector::cause_to_begin(TimePoint now) const {
    if (silent_since_ && silent_rounds_ >= least_silent_rounds && now - *silent_since_ >= least_silence)
        return BrownoutState::Cause::server_away;
    return are_many(state_.failing, state_.answering) ? BrownoutState::Cause::many_zones
                                                      : BrownoutState::Cause::none;
}

bool BrownoutDetector::may_end(TimePoint now) const {
    if (silent_since_) return false;
    if (now - last_failure_ >= window) return true;
    const Counts lately = count(now, ending_window);
    if (lately.answering > lately.failing) return true;
    // Nobody asked: that our own lookups are answered says enough only where they were what failed.
    return state_.cause == BrownoutState::Cause::server_away && lately.failing == 0;
}

void BrownoutDetector::update(TimePoint now) {
    looked_ = now;
    const Counts counts = count(now, window);
    state_.failing = counts.failing;
    state_.all_failing = counts.all_failing;
    state_.answering = counts.answering;
    const bool strangers =
        are_many(counts.all_failing, counts.answering) && !are_many(counts.failing, counts.answering);
    if (strangers && !state_.strangers_zones_fail) ++state_.strangers_begun;
    state_.strangers_zones_fail = strangers;
    if (!state_.active) {
        const BrownoutState::Cause cause = cause_to_begin(now);
        if (cause == BrownoutState::Cause::none) return;
        state_.active = true;
        state_.cause = cause;
        state_.since = now;
        ++state_.begun;
        calm_since_.reset();
        return;
    }
    if (!may_end(now)) return calm_since_.reset();
    if (!calm_since_) calm_since_ = now;
    if (now - *calm_since_ < calm) return;
    state_.active = false;
    // What failed in the meantime must not begin it anew.
    for (Zone& zone : recent_) {
        zone.failed.reset();
        zone.networks.clear();
    }
}

void Brownout::note(const DomainName& name, const Answer& answer, TimePoint now, const IpAddress* client) {
    const std::lock_guard lock(mutex_);
    detector_.note(name, answer, now, client);
    active_.store(detector_.state().active, std::memory_order_relaxed);
}

void Brownout::note_own(bool replied, TimePoint now, bool names_fail) {
    const std::lock_guard lock(mutex_);
    detector_.note_own_names(names_fail);
    detector_.note_own(replied, now);
    active_.store(detector_.state().active, std::memory_order_relaxed);
}

BrownoutState Brownout::state() const {
    const std::lock_guard lock(mutex_);
    return detector_.state();
}

}  // namespace gatepost::dns
