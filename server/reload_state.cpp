#include "server/reload_state.hpp"

#include <utility>

namespace gatepost::server {

void ReloadState::succeeded(Part part) {
    const std::lock_guard lock(mutex_);
    problems_[static_cast<std::size_t>(part)].clear();
}

void ReloadState::failed(Part part, std::string problem) {
    const std::lock_guard lock(mutex_);
    ++failures_;
    problems_[static_cast<std::size_t>(part)] = problem.empty() ? "unknown" : std::move(problem);
}

ReloadState::Counts ReloadState::counts() const {
    const std::lock_guard lock(mutex_);
    return {failures_, problems_[0].empty() && problems_[1].empty()};
}

std::vector<std::string> ReloadState::warnings() const {
    static constexpr std::array<const char*, 2> what{"the configuration file was refused at the last reload",
                                                     "changed certificate files were refused"};
    std::vector<std::string> found;
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < problems_.size(); ++i)
        if (!problems_[i].empty())
            found.push_back(what.at(i) + std::string(", and what was in force is kept: ") + problems_[i]);
    return found;
}

}  // namespace gatepost::server
