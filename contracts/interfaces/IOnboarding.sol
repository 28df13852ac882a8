// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title How an organisation joins
/// @notice The network's registrar admits one in one step, without a vote. This contract holds the governance role for this
/// alone: it opens an organisation, makes its registrar, and sets its starting allowance. It can do nothing to an
/// organisation that is there already.
interface IOnboarding {
    /// @notice There is a new organisation.
    /// @param organisation Its account id.
    /// @param name Its name.
    /// @param controller Who controls its account.
    /// @param registrar Who manages its accounts, meters and grants.
    /// @param allowanceUcr What its registrar may grant of general and of plan credits each.
    event OrganisationAdmitted(
        uint32 indexed organisation,
        string name,
        address controller,
        address registrar,
        uint128 allowanceUcr
    );

    /// @notice An address is zero.
    error KeyMissing();
    /// @notice A constructor argument lies outside its bounds.
    /// @param name The argument's name.
    error ParameterInvalid(string name);

    /// @notice An organisation joins. Network registrar only.
    /// @param name Its name, not taken yet.
    /// @param controller Who controls its account.
    /// @param registrar Who manages its accounts, meters and grants, at once, and gives budgets more room after limitsDelayS.
    /// @return organisation Its account id.
    function admit(string calldata name, address controller, address registrar)
        external
        returns (uint32 organisation);

    /// @notice What a new organisation's registrar may grant without a vote.
    /// @return In ucr, of general and of plan credits each.
    function startingAllowanceUcr() external view returns (uint128);

    /// @notice How long a registrar has to announce that a budget gets more room.
    /// @return Seconds; 0 = not at all.
    function limitsDelayS() external view returns (uint32);
}
