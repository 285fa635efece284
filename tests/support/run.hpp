// Runs one coroutine to its end on an io_context of its own and gives what it returned.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace gatepost::tests {

// Throws what the coroutine threw; std::logic_error where it never ended.
template <typename T>
T run(boost::asio::io_context& context, boost::asio::awaitable<T> task) {
    std::optional<T> result;
    std::exception_ptr failure;
    auto done = [&](std::exception_ptr error, T value) {
        failure = error;
        result = std::move(value);
    };
    boost::asio::co_spawn(context, std::move(task), done);
    context.restart();
    context.run();
    if (failure) std::rethrow_exception(failure);
    if (!result) throw std::logic_error("the coroutine did not end");
    return std::move(*result);
}

template <typename T>
T run(boost::asio::awaitable<T> task) {
    boost::asio::io_context context;
    return run(context, std::move(task));
}

}  // namespace gatepost::tests
