variable "name" {
  description = "Name of the VM and of its service account."
  type        = string
  default     = "gitspaces-host"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.name))
    error_message = "6 to 30 lower-case letters, digits and hyphens, as for a service account."
  }
}

variable "project" {
  description = "Project of the VM, the secret and the Gitspaces."
  type        = string
}

variable "zone" {
  description = "Zone of the VM, in the region of the subnetwork."
  type        = string
}

variable "subnetwork" {
  description = "Id or self link of the subnetwork: one of the sub_networks of the Gitspaces module."
  type        = string
}

variable "network_tags" {
  description = "Network tags of the VM. The module's firewall lets SSH through Identity-Aware Proxy reach runner-vm."
  type        = list(string)
  default     = ["runner-vm"]
}

variable "document" {
  description = "The GitspaceHost document, as text: file(\"host.yaml\"). Its pool is {file: /etc/spacelet/pool.yaml}."
  type        = string
}

variable "pool_yaml" {
  description = "The pool, as text: the module's output instance_yaml."
  type        = string
}

variable "keep_json_path" {
  description = "Keep json_path in the pool: a service account's key then has to be put on the VM, which Terraform does not. Without, the runner uses the VM's service account."
  type        = bool
  default     = false
}

variable "grant_compute_admin" {
  description = "Grant the VM's service account roles/compute.instanceAdmin.v1 on the project, for the runner. Off: whoever grants it does so elsewhere."
  type        = bool
  default     = true
}

variable "token_secret" {
  description = "Name of the Secret Manager secret with the delegate token, as in the document's token: {command: [spacelet, secret, gcp, NAME]}."
  type        = string
  default     = "delegate-token"
}

variable "package_url" {
  description = "Where the VM downloads spacelet's .deb."
  type        = string
  validation {
    condition     = can(regex("^https://[A-Za-z0-9./._+~:?&=,%-]+$", var.package_url))
    error_message = "An https URL."
  }
}

variable "package_sha256" {
  description = "The .deb's SHA-256."
  type        = string
  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.package_sha256))
    error_message = "64 lower-case hexadecimal digits."
  }
}

variable "image" {
  description = "A Debian image for which the package is built (12: …~deb12…, 13: …~deb13…)."
  type        = string
  default     = "debian-cloud/debian-12"
}

variable "machine_type" {
  description = "Runner and delegate take 3 CPUs and 6 GiB at most in the examples' documents."
  type        = string
  default     = "e2-standard-4"
}

variable "disk_gb" {
  description = "Size of the boot disk: images, logs, and the runner's database."
  type        = number
  default     = 50
}

variable "deletion_protection" {
  description = "Refuse to delete the VM. It holds the runner's database: deleted, warm VMs are forgotten and go on costing money."
  type        = bool
  default     = true
}
