variable "name" {
  description = "Name of the instance, its role and its security group."
  type        = string
  default     = "gitspaces-host"
}

variable "vpc_id" {
  description = "The VPC <infra>-network that the Gitspaces module makes."
  type        = string
}

variable "subnet_id" {
  description = "A private subnet of it, with a way out through NAT."
  type        = string
}

variable "document" {
  description = "The GitspaceHost document, as text: file(\"host.yaml\"). Its pool is {file: /etc/spacelet/pool.yaml}."
  type        = string
}

variable "pool_yaml" {
  description = "The pool, as text: file(\"pool.yaml\"), which the module writes where it is applied."
  type        = string
}

variable "token_secret_arn" {
  description = "ARN of the Secrets Manager secret with the delegate token, which the document names in token: {command: [spacelet, secret, aws, NAME]}."
  type        = string
  validation {
    condition     = can(regex("^arn:[a-z-]+:secretsmanager:", var.token_secret_arn))
    error_message = "The ARN of a secret."
  }
}

variable "token_kms_key_arn" {
  description = "ARN of the key, when the secret is encrypted with one of your own."
  type        = string
  default     = ""
}

variable "package_url" {
  description = "Where the instance downloads spacelet's .deb."
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

variable "ami_id" {
  description = "A Debian image for which the package is built. Empty: the newest of Debian 12, at the time of the first apply."
  type        = string
  default     = ""
}

variable "instance_type" {
  description = "Runner and delegate take 3 CPUs and 6 GiB at most in the examples' documents."
  type        = string
  default     = "t3.xlarge"
}

variable "disk_gb" {
  description = "Size of the root volume: images, logs, and the runner's database."
  type        = number
  default     = 50
}

variable "deletion_protection" {
  description = "Refuse to terminate the instance. It holds the runner's database: without it, warm VMs are forgotten and go on costing money."
  type        = bool
  default     = true
}
